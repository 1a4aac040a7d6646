#include "tests/fakes/resolver.h"

#include <algorithm>
#include <array>
#include <sstream>
#include <stdexcept>

#include "common/base/text.h"
#include "common/net/address.h"

namespace futar {

using dns::Answer;
using dns::Type;

namespace {

constexpr std::pair<std::string_view, Type> types[] = {
    {"A", Type::a},   {"NS", Type::ns},   {"CNAME", Type::cname}, {"SOA", Type::soa}, {"PTR", Type::ptr},
    {"MX", Type::mx}, {"TXT", Type::txt}, {"AAAA", Type::aaaa},   {"SRV", Type::srv}, {"TLSA", Type::tlsa},
};

std::string plain(std::string name) {
  if (name.ends_with('.')) name.pop_back();
  return ascii_lower(name);
}

bool is_within(const std::string& name, const std::string& zone) {
  return name == zone || zone.empty() || name.ends_with("." + zone);
}

class Words {
 public:
  explicit Words(const std::string& text) : text_(text), in_(text) {}
  std::string word() {
    std::string word;
    if (!(in_ >> word)) throw std::invalid_argument("record too short: " + text_);
    return word;
  }
  uint64_t number(uint64_t limit) {
    const auto number = parse_number(word());
    if (!number || *number > limit) throw std::invalid_argument("no number: " + text_);
    return *number;
  }
  std::string rest() {
    std::string rest;
    std::getline(in_ >> std::ws, rest);
    return rest;
  }

 private:
  std::string text_;
  std::istringstream in_;
};

std::string u8(uint64_t value) { return std::string(1, static_cast<char>(value)); }
std::string u16(uint64_t value) { return u8(value >> 8 & 255) + u8(value & 255); }

std::string txt_wire(const std::string& text) {
  std::string out;
  for (size_t at = 0; at == 0 || at < text.size(); at += 255) {
    const std::string part = text.substr(at, 255);
    out += u8(part.size()) + part;
  }
  return out;
}

std::string address_wire(const std::string& text, size_t size) {
  const auto address = net::IpAddress::parse(text);
  if (!address || address->octets().size() != size) throw std::invalid_argument("no such address: " + text);
  return std::string(address->octets());
}

std::string mx_wire(Words words) {
  const std::string preference = u16(words.number(65535));
  return preference + name_wire(words.word());
}

std::string tlsa_wire(Words words) {
  std::string out;
  for (int field = 0; field < 3; ++field) out += u8(words.number(255));
  return out + octets_of(words.rest());
}

std::string srv_wire(Words words) {
  std::string out;
  for (int field = 0; field < 3; ++field) out += u16(words.number(65535));
  return out + name_wire(words.word());
}

Answer failure(Answer::Status status, const std::string& why) {
  Answer answer;
  answer.status = status;
  answer.why = why;
  return answer;
}

}  // namespace

std::string name_wire(const std::string& name) {
  std::string out;
  if (const std::string text = plain(name); !text.empty())
    for (const auto label : split(text, '.')) out += u8(label.size()) + std::string(label);
  return out + '\0';
}

std::string octets_of(const std::string& hex_text) {
  std::string out;
  for (size_t i = 0; i + 1 < hex_text.size(); i += 2)
    out += static_cast<char>(std::stoi(hex_text.substr(i, 2), nullptr, 16));
  return out;
}

std::string wire(Type type, const std::string& text) {
  switch (type) {
    case Type::a:
      return address_wire(text, 4);
    case Type::aaaa:
      return address_wire(text, 16);
    case Type::ns:
    case Type::cname:
    case Type::ptr:
      return name_wire(text);
    case Type::mx:
      return mx_wire(Words(text));
    case Type::txt:
      return txt_wire(text);
    case Type::srv:
      return srv_wire(Words(text));
    case Type::tlsa:
      return tlsa_wire(Words(text));
    case Type::soa:
      break;
  }
  throw std::invalid_argument("no text form for this type");
}

Record parse_record(const std::string& line) {
  Words words(line);
  std::string name = plain(words.word());
  const std::string type_name = words.word();
  const auto type =
      std::ranges::find(types, std::string_view(type_name), &std::pair<std::string_view, Type>::first);
  if (type == std::end(types)) throw std::invalid_argument("no such type: " + line);
  return {std::move(name), type->second, wire(type->second, words.rest())};
}

FakeResolver& FakeResolver::add(const std::string& line) {
  Record record = parse_record(line);
  Answer& answer = table_[{record.name, record.type}];
  answer.status = Answer::Status::ok;
  answer.ttl_s = 300;
  answer.rdata.push_back(std::move(record.rdata));
  return *this;
}

FakeResolver& FakeResolver::sign(const std::string& zone) {
  signed_.insert(plain(zone));
  return *this;
}

FakeResolver& FakeResolver::fail(const std::string& name, Type type, const std::string& why) {
  return set(name, type, failure(Answer::Status::failed, why));
}

FakeResolver& FakeResolver::bogus(const std::string& name, Type type, const std::string& why) {
  return set(name, type, failure(Answer::Status::bogus, why));
}

FakeResolver& FakeResolver::set(const std::string& name, Type type, Answer answer) {
  table_[{plain(name), type}] = std::move(answer);
  return *this;
}

FakeResolver& FakeResolver::slow(net::Loop& loop, int64_t ms) {
  loop_ = &loop;
  delay_ms_ = ms;
  return *this;
}

FakeResolver& FakeResolver::remove(const std::string& name) {
  std::erase_if(table_, [&](const auto& entry) { return entry.first.first == plain(name); });
  return *this;
}

FakeResolver& FakeResolver::without_validation() {
  validates_ = false;
  return *this;
}

size_t FakeResolver::asked(const std::string& name, Type type) const {
  return static_cast<size_t>(std::ranges::count(asked_, Question(plain(name), type)));
}

Task<Answer> FakeResolver::ask(std::string name, Type type) {
  asked_.emplace_back(plain(name), type);
  if (loop_ && delay_ms_ > 0) co_await loop_->sleep(delay_ms_);
  co_return answer(plain(name), type);
}

Answer FakeResolver::answer(const std::string& name, Type type) const {
  std::string at = name;
  bool secure = validates_;
  for (int links = 0; links < 10; ++links) {
    secure = secure && is_signed(at);
    Answer answer;
    answer.status = exists(at) ? Answer::Status::no_data : Answer::Status::no_name;
    answer.ttl_s = 300;
    if (const auto found = table_.find({at, type}); found != table_.end()) {
      answer = found->second;
    } else if (const auto alias = table_.find({at, Type::cname}); alias != table_.end()) {
      if (!alias->second.has_records()) return alias->second;
      const std::string& target = alias->second.rdata.front();
      std::string next;
      for (size_t i = 0; target[i]; i += static_cast<uint8_t>(target[i]) + 1u)
        next += (next.empty() ? "" : ".") + target.substr(i + 1, static_cast<uint8_t>(target[i]));
      at = next;
      continue;
    }
    answer.secure = answer.secure || (secure && !answer.is_temporary());
    if (answer.canonical_name.empty()) answer.canonical_name = at;
    return answer;
  }
  return failure(Answer::Status::failed, "too many CNAMEs");
}

bool FakeResolver::is_signed(const std::string& name) const {
  return std::ranges::any_of(signed_, [&](const std::string& zone) { return is_within(name, zone); });
}

bool FakeResolver::exists(const std::string& name) const {
  return std::ranges::any_of(table_, [&](const auto& entry) { return is_within(entry.first.first, name); });
}

}  // namespace futar
