// Questions to libspf2's process and its answers as octets: each number in 8 octets, each text behind its
// length. Both ends are one program, so there is no version. Internal to spf.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "common/base/result.h"
#include "common/spf/spf.h"

namespace futar::spf {

constexpr size_t max_helper_request =
    128 * 1024;  ///< octets; within what one datagram of a UNIX socket holds
constexpr size_t max_helper_reply = 16 * 1024;

struct HelperRequest {
  uint64_t id = 0;
  Request request;
  Answers answers;
};
std::string encode(uint64_t id, const Request& request, const Answers& answers);
/// An error when it is damaged.
Result<HelperRequest> decode_request(std::string_view octets);

struct HelperReply {
  uint64_t id = 0;
  Step step;
};
std::string encode(uint64_t id, const Step& step);
/// The process has read what strangers wrote, so its word is not believed blindly: texts are made safe to
/// show, and a question is one that an engine may ask, or it is an error.
Result<HelperReply> decode_reply(std::string_view octets);

}  // namespace futar::spf
