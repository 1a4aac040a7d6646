#include "common/dns/reverse.h"

#include <algorithm>

#include "common/dns/rdata.h"

namespace futar::dns {

namespace {

constexpr size_t most_names = 10;  // RFC 7208 §4.6.4 bounds PTR the same way

bool has_address(const Answer& answer, const net::IpAddress& address) {
  return answer.has_records() && std::ranges::any_of(answer.rdata, [&](const std::string& rdata) {
           const auto found = parse_address(rdata);
           return found && *found == address;
         });
}

}  // namespace

Task<bool> confirmed_reverse(Resolver& resolver, net::IpAddress address, std::string* name) {
  if (name) name->clear();
  const Answer pointers = co_await resolver.ask(reverse_name(address), Type::ptr);
  if (!pointers.has_records()) co_return false;
  const Type type = address.is_v4() ? Type::a : Type::aaaa;
  for (size_t i = 0; i < std::min(pointers.rdata.size(), most_names); ++i) {
    const auto candidate = parse_name(pointers.rdata[i]);
    if (!candidate || candidate->empty()) continue;
    const Answer addresses = co_await resolver.ask(*candidate, type);
    if (!has_address(addresses, address)) continue;
    if (name) *name = *candidate;
    co_return true;
  }
  co_return false;
}

}  // namespace futar::dns
