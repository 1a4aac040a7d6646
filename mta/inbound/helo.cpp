#include "mta/inbound/helo.h"

#include "common/base/text.h"
#include "common/dmarc/organisation.h"

namespace futar::mta {

Task<std::string> oddity_of_helo(dns::Resolver& resolver, std::string helo, net::IpAddress client,
                                 std::string own_name) {
  if (helo.ends_with('.')) helo.pop_back();
  if (equal_nocase(helo, own_name)) co_return "it is our own name";
  if (helo.starts_with('[')) {
    const bool own = equal_nocase(helo, client.literal());
    co_return own ? "it is an address, not a name" : "it is the address of another";
  }
  if (net::IpAddress::parse(helo)) co_return "it is an address without brackets";
  const std::string name = dmarc::canonical_domain(helo);
  if (!name.contains('.')) co_return "it is no full host name";
  using dns::Type;
  for (const Type type : {client.is_v4() ? Type::a : Type::aaaa, client.is_v4() ? Type::aaaa : Type::a}) {
    const dns::Answer answer = co_await resolver.ask(name, type);
    if (answer.has_records()) co_return "";
    if (answer.is_temporary()) co_return "the DNS does not answer for it";
  }
  co_return "it has no address in the DNS";
}

}  // namespace futar::mta
