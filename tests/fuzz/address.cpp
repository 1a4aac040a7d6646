// An address from anybody: what is taken survives being written and read again, in the envelope and in a
// header.
#include "common/smtp/address.h"

#include <cstdlib>

#include "common/message/address_list.h"
#include "common/smtp/xtext.h"

using namespace futar;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto address = smtp::parse_address(text)) {
    const auto again = smtp::parse_address(address->text());
    if (!again || *again != *address) std::abort();
    const auto listed = message::parse_address_list(address->text());
    if (!listed || listed->size() != 1 || listed->at(0) != *address) std::abort();
  }
  if (const auto all = message::parse_address_list(text))
    for (const smtp::Address& address : *all) {
      const auto again = message::parse_address_list(address.text());
      if (!again || again->size() != 1 || again->at(0) != address) std::abort();
    }
  if (smtp::xtext_decode(smtp::xtext_encode(text)) != std::string(text)) std::abort();
  return 0;
}
