// Questions to the DNS and what came back: status, DNSSEC state, rdata in wire form. dns::Unbound asks the
// real one, tests/fakes/resolver.h answers from a table.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/async.h"

namespace futar::dns {

enum class Type : uint16_t {
  a = 1,
  ns = 2,
  cname = 5,
  soa = 6,
  ptr = 12,
  mx = 15,
  txt = 16,
  aaaa = 28,
  srv = 33,
  tlsa = 52
};

std::string_view name(Type type);

struct Answer {
  enum class Status : uint8_t {
    ok,       ///< there are records
    no_data,  ///< the name exists, without records of this type
    no_name,  ///< NXDOMAIN
    failed,   ///< SERVFAIL, timeout, nobody to ask: may be well later
    bogus,    ///< DNSSEC validation failed: treated as failed, never as data (RFC 4035 §5.5)
  };
  Status status = Status::failed;
  bool secure = false;             ///< validated by DNSSEC, absence too (RFC 4035 §4.3)
  std::vector<std::string> rdata;  ///< each in wire form, for the parsers in rdata.h
  std::string
      canonical_name;  ///< where CNAMEs led, lower case without the final dot; the name itself if none
  int64_t ttl_s = 0;
  std::string why;  ///< of failed and bogus, in words

  bool has_records() const { return status == Status::ok; }
  bool is_absent() const { return status == Status::no_data || status == Status::no_name; }
  bool is_temporary() const { return status == Status::failed || status == Status::bogus; }
};

class Resolver {
 public:
  virtual ~Resolver() = default;
  /// `name` in A-label form, with or without the final dot. Never throws; an answer comes within
  /// `dns.timeout`.
  virtual Task<Answer> ask(std::string name, Type type) = 0;
  /// Is there a validator between us and the world? Without one no answer is secure, and DANE is off.
  virtual bool validates() const = 0;
  /// For `futar status`: "192.0.2.53, validated here", "recursion, validated here", "no DNS (dns.servers =
  /// [])".
  virtual std::string description() const = 0;
};

}  // namespace futar::dns
