// Record data as a hostile server sends it: a parser takes it whole or refuses it, and names stay plain.
#include <algorithm>
#include <cstdlib>

#include "common/dns/rdata.h"

using namespace futar;

namespace {

void check_name(std::string_view name) {
  if (name.size() > 253) std::abort();
  if (!std::ranges::all_of(name, [](char c) { return c == '.' || dns::is_name_character(c); })) std::abort();
  if (std::ranges::any_of(name, [](char c) { return c >= 'A' && c <= 'Z'; })) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view rdata(reinterpret_cast<const char*>(data), size);
  if (const auto mx = dns::parse_mx(rdata)) check_name(mx->host);
  if (const auto name = dns::parse_name(rdata)) check_name(*name);
  if (const auto srv = dns::parse_srv(rdata)) check_name(srv->target);
  if (const auto txt = dns::parse_txt(rdata); txt && txt->size() >= size) std::abort();
  if (const auto tlsa = dns::parse_tlsa(rdata); tlsa && tlsa->data.size() + 3 != size) std::abort();
  if (const auto address = dns::parse_address(rdata)) check_name(dns::reverse_name(*address));
  return 0;
}
