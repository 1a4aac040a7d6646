// Return addresses of forwarded mail: the Sender Rewriting Scheme in the form of libsrs2 and postsrsd. The
// other server judges our forward by SPF of a domain of ours, and a bounce finds back to the first sender.
// Pure.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "common/smtp/address.h"

namespace futar::mta::srs {

constexpr int valid_days = 21;  ///< a bounce that comes later is refused

/// Secrets. The first one signs, all open.
using Keys = std::vector<std::string>;

/// Has it the shape of one, "SRS0=..." or "SRS1=..." in any case? Whether it is ours only open() knows.
bool is_return_path(const smtp::Address& address);

/// bob@remote.example becomes SRS0=HASH=DAY=remote.example=bob@our_domain, an SRS0 address of another
/// forwarder SRS1=HASH=their.domain==...@our_domain, pointing to that one. Unchanged: the null reverse-path,
/// one of our_domain (the caller leaves out all our domains), and what would get a local part of over 64
/// octets (RFC 5321 §4.5.3.1.1), which some servers refuse: an SPF failure is the smaller harm, and its
/// bounce goes the straight way.
smtp::Address rewrite(const smtp::Address& reverse_path, const std::string& our_domain, const Keys& keys,
                      int64_t now_ms);

/// Where a bounce to such an address goes. An error (permanent): no key of ours has signed it, or over
/// valid_days ago.
Result<smtp::Address> open(const smtp::Address& address, const Keys& keys, int64_t now_ms);

}  // namespace futar::mta::srs
