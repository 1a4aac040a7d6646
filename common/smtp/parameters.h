// The parameters of MAIL and RCPT that travel with the message (RFC 3461, 1870, 6152, 6531).
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "common/smtp/address.h"

namespace futar::smtp {

/// RFC 3461 §4.1: bits of NOTIFY; none given = 0 (then failure and delay are reported).
struct Notify {
  enum : uint8_t { never = 1, success = 2, failure = 4, delay = 8 };
  uint8_t bits = 0;
  bool wants_success() const { return bits & success; }
  bool wants_failure() const { return bits == 0 || bits & failure; }
  bool wants_delay() const { return bits == 0 || bits & delay; }
  bool operator==(const Notify&) const = default;
};

enum class Ret : uint8_t { unset, full, headers };

struct MailParameters {
  uint64_t size = 0;  ///< as declared; 0 = not declared
  bool body_8bit = false;
  bool smtputf8 = false;
  Ret ret = Ret::unset;
  std::string envid;  ///< as xtext was decoded
  std::string auth;   ///< RFC 4954 §5 AUTH=, kept only to be parsed
  bool operator==(const MailParameters&) const = default;
};

struct RcptParameters {
  Notify notify;
  std::string orcpt;  ///< "rfc822;user@example.org", xtext decoded
  bool operator==(const RcptParameters&) const = default;
};

}  // namespace futar::smtp
