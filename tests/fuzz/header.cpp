// A header from anybody: its fields are the whole of it, forged results go for good, ours come on top.
#include "common/message/header.h"

#include <cstdlib>

#include "common/message/authentication_results.h"
#include "common/message/message_id.h"
#include "common/message/received.h"
#include "msa/modification/modification.h"

using namespace futar;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string given(reinterpret_cast<const char*>(data), size);
  const auto fields = message::split_header(given);
  size_t at = 0;
  for (const message::Field& field : fields) {
    if (field.offset != at) std::abort();
    at += field.text.size();
    message::unfold(field.value);
  }
  if (message::message_id(fields).find_first_of("\r\n") != std::string::npos) std::abort();

  std::string header = given;
  message::remove_authentication_results(header, "mail.example.org");
  for (const message::Field& field : message::split_header(header))
    if (message::claims_to_be_from(field, "mail.example.org")) std::abort();

  static_cast<void>(msa::claimed_authors(given));
  msa::Modification modification;
  modification.received.by = "mail.example.org";
  modification.received.from = message::ReceivedFrom{given, given, given};
  modification.domain = "example.org";
  header = given;
  msa::modify(header, modification);
  const auto after = message::split_header(header);
  if (after.size() < 3 || !after[0].is("Received") || !message::find(after, "Date")) std::abort();
  if (message::find(after, "Authentication-Results")) std::abort();
  return 0;
}
