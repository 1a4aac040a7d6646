// SPF records and identities as hostile peers write them. The first line is LOCAL@DOMAIN, the second HELO,
// each other a TXT record; what a name has is taken from its hash. Both engines end, within the limits of RFC
// 7208 §4.6.4, say the same, and nothing that they say or ask carries a control character.
#include <algorithm>
#include <cstdlib>

#include "common/base/text.h"
#include "common/spf/libspf2.h"
#include "common/spf/native.h"

using namespace futar;

namespace {

constexpr size_t most_questions = 1 + 10 * 11 + 11 + 1;

void require(bool holds) {
  if (!holds) std::abort();
}

size_t hash_of(std::string_view name) {
  size_t hash = 5381;
  for (const char c : name) hash = hash * 33 + static_cast<uint8_t>(c);
  return hash;
}

std::string txt_wire(std::string_view text) {
  std::string out;
  for (; text.size() > 255; text.remove_prefix(255)) out += '\xff' + std::string(text.substr(0, 255));
  return out + static_cast<char>(text.size()) + std::string(text);
}

std::string name_wire(std::string_view name) {
  std::string out;
  for (const auto label : split(name, '.')) out += static_cast<char>(label.size()) + std::string(label);
  return out + '\0';
}

dns::Answer answer_to(const spf::Question& question, const std::vector<std::string_view>& lines) {
  const size_t hash = hash_of(question.name);
  dns::Answer answer;
  answer.status = dns::Answer::Status::ok;
  if (question.type == dns::Type::txt) {
    answer.rdata.push_back(txt_wire(lines.size() > 2 ? lines[2 + hash % (lines.size() - 2)] : "v=spf1"));
  } else if (hash % 8 == 0) {
    answer.status = dns::Answer::Status::no_name;
  } else if (hash % 8 == 1) {
    answer.status = dns::Answer::Status::failed;
  } else if (question.type == dns::Type::mx || question.type == dns::Type::ptr) {
    const std::string front(question.type == dns::Type::mx ? 2 : 0, '\0');
    for (size_t i = 0; i <= hash % 12; ++i)
      answer.rdata.push_back(front + name_wire("h" + std::to_string((hash + i) % 99) + ".d.example"));
  } else {
    const size_t size = question.type == dns::Type::a ? 4 : 16;
    answer.rdata.push_back(std::string(size, hash % 3 == 0 ? '\1' : '\2'));
  }
  return answer;
}

void check_text(const std::string& text) { require(text.size() <= 1024 && printable(text, 4096) == text); }

spf::Verdict judge(const spf::SpfEvaluator& engine, const spf::Request& request,
                   const std::vector<std::string_view>& lines) {
  spf::Answers answers;
  for (;;) {
    spf::Step step = engine.evaluate(request, answers);
    if (auto* verdict = std::get_if<spf::Verdict>(&step)) return std::move(*verdict);
    const auto question = std::get<spf::Question>(std::move(step));
    require(std::ranges::all_of(question.name, [](char c) { return c >= ' ' && c <= '~' && c != '\\'; }));
    require(question.name.size() <= 253);
    require(answers.emplace(question, answer_to(question, lines)).second && answers.size() <= most_questions);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto lines = split({reinterpret_cast<const char*>(data), size}, '\n');
  spf::Request request;
  const uint8_t octets[16] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
  request.client = size % 2 ? net::IpAddress::v4(octets) : net::IpAddress::v6(octets);
  const size_t at = std::min(lines[0].rfind('@'), lines[0].size());
  request.sender = {std::string(lines[0].substr(0, at)),
                    std::string(lines[0].substr(std::min(at + 1, lines[0].size())))};
  if (lines.size() > 1) request.helo = lines[1];
  const auto ours = judge(spf::NativeEvaluator(), request, lines);
  const auto theirs = judge(spf::Libspf2Evaluator(), request, lines);
  for (const auto& verdict : {ours, theirs})
    for (const auto& text : {verdict.domain, verdict.mechanism, verdict.reason, verdict.explanation})
      check_text(text);
  // libspf2's record may be too long for it, and %{p} is counted when its record is read, not its term.
  const bool differ = theirs.reason.contains("too long for libspf2") ||
                      theirs.reason.starts_with("more than") || ours.reason.starts_with("more than");
  require(differ || ours.outcome == theirs.outcome);
  return 0;
}
