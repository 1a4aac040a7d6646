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
  bool junk = false;  ///< our verdict on it: into the Junk folder of those who live here
  bool operator==(const Envelope&) const = default;
};

}  // namespace futar::message
