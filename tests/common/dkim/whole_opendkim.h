// libopendkim as anybody else would use it, body and all: the judge of what we sign.
#pragma once
#include <cstring>
#include <string>

#include "common/message/header.h"
#include "tests/common/dkim/signed_mail.h"

#define _Bool bool
extern "C" {
#include <opendkim/dkim.h>
}

namespace futar::dkim {

inline DKIM_CBSTAT record_of(DKIM* handle, DKIM_SIGINFO*, u_char* buffer, size_t size) {
  const auto& record = *static_cast<const std::string*>(dkim_get_user_context(handle));
  REQUIRE(record.size() < size);
  std::memcpy(buffer, record.c_str(), record.size() + 1);
  return DKIM_CBSTAT_CONTINUE;
}

/// Whether the signature of that selector passes. An unrelated field stands between, so that its array of
/// fields is long enough (see the README of common/dkim).
inline bool whole_opendkim(const Mail& mail, const std::string& selector, std::string record) {
  static DKIM_LIB* const library = [] {
    DKIM_LIB* made = dkim_init(nullptr, nullptr);
    unsigned flags = DKIM_LIBFLAGS_DELAYSIGPROC;
    dkim_options(made, DKIM_OP_SETOPT, DKIM_OPTS_FLAGS, &flags, sizeof flags);
    dkim_set_key_lookup(made, record_of);
    return made;
  }();
  DKIM_STAT status = DKIM_STAT_OK;
  DKIM* handle = dkim_verify(library, reinterpret_cast<const u_char*>("test"), nullptr, &status);
  dkim_set_user_context(handle, &record);
  const auto give = [&](std::string text) {
    REQUIRE(dkim_header(handle, reinterpret_cast<u_char*>(text.data()), text.size()) == DKIM_STAT_OK);
  };
  give("X-Between: x");
  for (const message::Field& field : message::split_header(mail.header))
    if (!field.name.empty()) give(std::string(field.text.substr(0, field.text.size() - 2)));
  REQUIRE(dkim_eoh(handle) == DKIM_STAT_OK);
  DKIM_SIGINFO** list = nullptr;
  int count = 0;
  REQUIRE(dkim_getsiglist(handle, &list, &count) == DKIM_STAT_OK);
  bool passed = false;
  for (int i = 0; i < count; ++i)
    if (reinterpret_cast<const char*>(dkim_sig_getselector(list[i])) != selector) dkim_sig_ignore(list[i]);
  std::string body = mail.body;
  if (!body.empty())
    REQUIRE(dkim_body(handle, reinterpret_cast<u_char*>(body.data()), body.size()) == DKIM_STAT_OK);
  passed = dkim_eom(handle, nullptr) == DKIM_STAT_OK;
  dkim_free(handle);
  return passed;
}

}  // namespace futar::dkim
