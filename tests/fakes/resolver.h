// A DNS held in memory: a table of records in the words of a zone file.
#pragma once
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "common/dns/resolver.h"
#include "common/net/loop.h"

namespace futar {

/// A name with no record at all (and none below it) answers no_name, one without the type no_data. CNAMEs are
/// followed; the answer is secure when each name on the way is.
class FakeResolver final : public dns::Resolver {
 public:
  using Type = dns::Type;

  /// "example.org MX 10 mx.example.org", "mx.example.org A 192.0.2.1", "_25._tcp.mx.example.org TLSA 3 1 1
  /// a0b1", "example.org TXT v=spf1 -all". Lines for the same name and type make one set. Throws when it is
  /// none.
  FakeResolver& add(const std::string& line);
  /// All of the zone, and what it denies, is secure from now on.
  FakeResolver& sign(const std::string& zone);
  /// The question fails: SERVFAIL, or a broken signature.
  FakeResolver& fail(const std::string& name, Type type, const std::string& why = "SERVFAIL");
  FakeResolver& bogus(const std::string& name, Type type, const std::string& why = "signature expired");
  /// This very answer.
  FakeResolver& set(const std::string& name, Type type, dns::Answer answer);
  /// Every answer takes that long; 0: it is there at once.
  FakeResolver& slow(net::Loop& loop, int64_t ms);
  /// Forgets all about the name: records, failures.
  FakeResolver& remove(const std::string& name);
  FakeResolver& without_validation();

  size_t asked() const { return asked_.size(); }  ///< how many questions in all
  size_t asked(const std::string& name, Type type) const;

  Task<dns::Answer> ask(std::string name, Type type) override;
  bool validates() const override { return validates_; }
  std::string description() const override { return "a table"; }

 private:
  using Question = std::pair<std::string, Type>;
  dns::Answer answer(const std::string& name, Type type) const;
  bool is_signed(const std::string& name) const;
  bool exists(const std::string& name) const;

  std::map<Question, dns::Answer> table_;
  std::set<std::string> signed_;
  std::vector<Question> asked_;
  net::Loop* loop_ = nullptr;
  int64_t delay_ms_ = 0;
  bool validates_ = true;
};

/// A line of a zone file without class and TTL: "example.org MX 10 mx.example.org". Throws when it is none.
struct Record {
  std::string name;  ///< lower case, without the final dot
  dns::Type type;
  std::string rdata;  ///< wire form
};
Record parse_record(const std::string& line);

std::string octets_of(const std::string& hex_text);
/// A name in wire form, without compression.
std::string name_wire(const std::string& name);
/// One record's data in wire form: wire(Type::mx, "10 mx.example.org"). Throws when the text is none.
std::string wire(dns::Type type, const std::string& text);

}  // namespace futar
