#include "common/spf/helper_codec.h"

#include <algorithm>
#include <cstring>

#include "common/base/text.h"

namespace futar::spf {

namespace {

constexpr size_t longest_text = 1024, longest_name = 253;

class Encoder {
 public:
  Encoder& number(uint64_t value) {
    char octets[sizeof value];
    std::memcpy(octets, &value, sizeof value);
    out_.append(octets, sizeof value);
    return *this;
  }
  Encoder& text(std::string_view text) {
    number(text.size());
    out_ += text;
    return *this;
  }
  std::string take() { return std::move(out_); }

 private:
  std::string out_;
};

// After the first damage all is 0 and empty.
class Decoder {
 public:
  explicit Decoder(std::string_view octets) : rest_(octets) {}

  uint64_t number() {
    uint64_t value = 0;
    if (rest_.size() < sizeof value) {
      damaged_ = true;
      rest_ = {};
      return 0;
    }
    std::memcpy(&value, rest_.data(), sizeof value);
    rest_.remove_prefix(sizeof value);
    return value;
  }
  std::string text() {
    const uint64_t size = number();
    damaged_ |= size > rest_.size();
    const std::string_view found = rest_.substr(0, damaged_ ? 0 : size);
    rest_.remove_prefix(found.size());
    return std::string(found);
  }
  template <class T>
  T one_of(T last) {
    const uint64_t value = number();
    damaged_ |= value > static_cast<uint64_t>(last);
    return damaged_ ? T{} : static_cast<T>(value);
  }
  bool whole() const { return !damaged_ && rest_.empty(); }
  bool damaged() const { return damaged_; }

 private:
  std::string_view rest_;
  bool damaged_ = false;
};

std::unexpected<Error> damage() { return fail(Error::permanent("damaged words between mta and libspf2")); }

net::IpAddress address_of(const std::string& octets) {
  const auto* bytes = reinterpret_cast<const uint8_t*>(octets.data());
  if (octets.size() == 4) return net::IpAddress::v4(bytes);
  return octets.size() == 16 ? net::IpAddress::v6(bytes) : net::IpAddress();
}

dns::Answer answer_of(Decoder& in) {
  dns::Answer answer;
  answer.status = in.one_of(dns::Answer::Status::bogus);
  answer.why = in.text();
  for (uint64_t left = in.number(); left > 0 && !in.damaged(); --left) answer.rdata.push_back(in.text());
  return answer;
}

bool is_asked_by_engines(const Question& question) {
  constexpr dns::Type types[] = {dns::Type::a, dns::Type::aaaa, dns::Type::mx, dns::Type::ptr,
                                 dns::Type::txt};
  return std::ranges::find(types, question.type) != std::end(types) && !question.name.empty() &&
         question.name.size() <= longest_name &&
         std::ranges::all_of(question.name, [](char c) { return c >= ' ' && c <= '~' && c != '\\'; });
}

}  // namespace

std::string encode(uint64_t id, const Request& request, const Answers& answers) {
  Encoder out;
  out.number(id).text(request.client.octets()).text(request.helo);
  out.text(request.sender.local).text(request.sender.domain);
  out.number(static_cast<uint64_t>(request.identity)).text(request.receiver);
  out.number(static_cast<uint64_t>(request.now_s)).number(answers.size());
  for (const auto& [question, answer] : answers) {
    out.text(question.name).number(static_cast<uint64_t>(question.type));
    out.number(static_cast<uint64_t>(answer.status)).text(answer.why).number(answer.rdata.size());
    for (const std::string& rdata : answer.rdata) out.text(rdata);
  }
  return out.take();
}

Result<HelperRequest> decode_request(std::string_view octets) {
  Decoder in(octets);
  HelperRequest found;
  found.id = in.number();
  found.request.client = address_of(in.text());
  found.request.helo = in.text();
  found.request.sender.local = in.text();
  found.request.sender.domain = in.text();
  found.request.identity = in.one_of(Identity::mail_from);
  found.request.receiver = in.text();
  found.request.now_s = static_cast<int64_t>(in.number());
  for (uint64_t left = in.number(); left > 0 && !in.damaged(); --left) {
    Question question{in.text(), static_cast<dns::Type>(in.number())};
    found.answers[std::move(question)] = answer_of(in);
  }
  if (!in.whole()) return damage();
  return found;
}

std::string encode(uint64_t id, const Step& step) {
  Encoder out;
  out.number(id);
  if (const auto* question = std::get_if<Question>(&step))
    return out.number(0).text(question->name).number(static_cast<uint64_t>(question->type)).take();
  const auto& verdict = std::get<Verdict>(step);
  out.number(1)
      .number(static_cast<uint64_t>(verdict.outcome))
      .number(static_cast<uint64_t>(verdict.identity));
  return out.text(verdict.domain)
      .text(verdict.mechanism)
      .text(verdict.reason)
      .text(verdict.explanation)
      .take();
}

Result<HelperReply> decode_reply(std::string_view octets) {
  Decoder in(octets);
  HelperReply found;
  found.id = in.number();
  if (in.number() == 0) {
    Question question;
    question.name = in.text();
    question.type = static_cast<dns::Type>(in.number());
    if (!in.whole() || !is_asked_by_engines(question)) return damage();
    found.step = std::move(question);
    return found;
  }
  Verdict verdict;
  verdict.outcome = in.one_of(Outcome::permerror);
  verdict.identity = in.one_of(Identity::mail_from);
  for (std::string* text : {&verdict.domain, &verdict.mechanism, &verdict.reason, &verdict.explanation})
    *text = printable(in.text(), longest_text);
  if (!in.whole()) return damage();
  found.step = std::move(verdict);
  return found;
}

}  // namespace futar::spf
