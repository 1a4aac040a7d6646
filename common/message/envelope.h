// The envelope of a message (RFC 5321 §2.3.1): what travels beside header and body.
#pragma once
#include <string>
#include <vector>

#include "common/smtp/address.h"
#include "common/smtp/parameters.h"

namespace futar::message {

struct Recipient {
  smtp::Address address;
  smtp::RcptParameters parameters;
  bool operator==(const Recipient&) const = default;
};

struct Envelope {
  smtp::Address reverse_path;  ///< null for <>
  smtp::MailParameters parameters;
  std::vector<Recipient> recipients;
  bool operator==(const Envelope&) const = default;
};

}  // namespace futar::message
