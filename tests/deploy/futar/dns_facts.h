// A domain and its host, for the tests of `futar dns`.
#pragma once
#include "deploy/futar/dns_records.h"

namespace futar::deploy {

inline DnsFacts dns_facts() {
  DnsFacts facts;
  facts.domain = "example.org";
  facts.hostname = "mail.example.org";
  facts.addresses = {*net::IpAddress::parse("198.51.100.7"), *net::IpAddress::parse("2001:db8::7")};
  facts.senders = facts.addresses;
  return facts;
}

}  // namespace futar::deploy
