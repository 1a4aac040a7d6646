// A DNS for pure engines: answers what an engine asks until it has its verdict.
#pragma once
#include <string>
#include <variant>
#include <vector>

#include "common/spf/spf.h"
#include "tests/fakes/resolver.h"

namespace futar {

/// Records in the words of FakeResolver::add, answered without a loop.
class Zone {
 public:
  Zone& add(const std::string& line) {
    const Record record = parse_record(line);
    return add(record.name, record.type, record.rdata);
  }
  /// For names with spaces.
  Zone& add(const std::string& name, dns::Type type, std::string rdata) {
    dns::Answer& answer = table_[{name, type}];
    answer.status = dns::Answer::Status::ok;
    answer.rdata.push_back(std::move(rdata));
    return *this;
  }
  /// Questions for this name of a type that has no records time out.
  Zone& time_out(const std::string& name) {
    silent_.insert(name);
    return *this;
  }

  dns::Answer answer(const spf::Question& question) const {
    dns::Answer answer;
    if (const auto found = table_.find(question); found != table_.end()) return found->second;
    answer.why = "timeout";
    if (silent_.contains(question.name)) return answer;
    answer.status = dns::Answer::Status::no_name;
    for (const auto& [known, value] : table_)
      if (known.name == question.name) answer.status = dns::Answer::Status::no_data;
    return answer;
  }

  struct Judged {
    spf::Verdict verdict;
    std::vector<spf::Question> asked;
  };
  Judged judge(const spf::SpfEvaluator& engine, const spf::Request& request) const {
    Judged judged;
    spf::Answers answers;
    for (;;) {
      spf::Step step = engine.evaluate(request, answers);
      if (auto* verdict = std::get_if<spf::Verdict>(&step)) {
        judged.verdict = std::move(*verdict);
        return judged;
      }
      judged.asked.push_back(std::get<spf::Question>(step));
      if (!answers.emplace(judged.asked.back(), answer(judged.asked.back())).second)
        throw std::logic_error("asked twice");
    }
  }

 private:
  std::map<spf::Question, dns::Answer> table_;
  std::set<std::string> silent_;
};

inline spf::Request spf_request(const std::string& client, const std::string& from,
                                const std::string& helo = "mail.example.org") {
  spf::Request request;
  request.client = *net::IpAddress::parse(client);
  request.helo = helo;
  request.receiver = "mx.example.net";
  if (const size_t at = from.rfind('@'); at != from.npos)
    request.sender = {from.substr(0, at), from.substr(at + 1)};
  return request;
}

}  // namespace futar
