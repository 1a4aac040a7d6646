// The processes beside mta in which libspf2 runs (design: threads of an agent): one that only makes a worker,
// and another after each that died, and the worker. Both end with mta.
#pragma once
#include <string>
#include <string_view>

#include "common/base/file.h"

namespace futar::spf {

struct HelperLimits {
  int cpu_ms = 1000;   ///< of one request; the worker ends
  int real_ms = 5000;  ///< the same by the clock
  int pause_ms = 100;  ///< before the next worker; doubled for one that lived less than a second
  int pause_most_ms = 5000;
};

/// Octets to octets; runs in the worker. "" = no answer.
using HelperWork = std::string (*)(std::string_view request);
/// libspf2 over helper_codec.h.
std::string evaluate_by_libspf2(std::string_view request);

constexpr std::string_view worker_died = "!";

/// To be called before there are threads, keys or sockets. Returns the socket (datagrams
/// that keep their bounds) over which the worker gets a request and answers it; when a worker dies,
/// `worker_died` comes. An error (ours) when the kernel does not give processes or sockets.
Result<Fd> start_helper(HelperWork work = evaluate_by_libspf2, HelperLimits limits = {});

}  // namespace futar::spf
