#include "mta/sign/mail_signer.h"

#include <fmt/format.h>

#include "common/base/text.h"
#include "common/dmarc/authors.h"

namespace futar::mta {
namespace {

constexpr size_t messages_per_job = 8;  // some milliseconds

Result<std::string> fields_for(const dkim::Signer& signer, const spool::Folder& spool,
                               const spool::Message& message, int64_t now_ms) {
  dkim::Signing signing = signer.begin(message.header, now_ms);
  TRY(spool.read_all(message.body, [&](std::string_view octets) { signing.body(octets); }));
  return signing.finish();
}

}  // namespace

struct MailSigner::Job {
  const spool::Message* message = nullptr;
  std::string domain;
  std::shared_ptr<const dkim::Signer> signer;
  std::string why_not;
  Result<std::string> fields;
};

std::string signing_domain(const directory::Directory& directory, std::string domain) {
  while (!domain.empty() && !directory.is_local_domain(domain)) {
    const size_t dot = domain.find('.');
    domain = dot == std::string::npos ? "" : domain.substr(dot + 1);
  }
  return domain;
}

std::string selectors_in_words(std::string_view by) {
  const auto words = split(by, ' ');
  std::string text = words.size() > 2 ? "selectors" : "selector";
  for (size_t i = 1; i < words.size(); ++i) text += fmt::format("{} {}", i > 1 ? "," : "", words[i]);
  return text;
}

MailSigner::Job MailSigner::prepare(const spool::Message& message, Author author) const {
  Job job;
  job.message = &message;
  const auto authors = dmarc::authors_of(message::split_header(message.header));
  if (!authors.ambiguity.empty()) {
    job.why_not = authors.ambiguity;
    return job;
  }
  std::vector<std::string> domains;
  for (const std::string& author_domain : authors.domains)
    if (std::string ours = signing_domain(directory_(), author_domain); !ours.empty())
      domains.push_back(std::move(ours));
  if (const auto first = directory_().first_domain(); domains.empty() && author == Author::ourselves && first)
    domains.push_back(*first);
  for (const std::string& domain : domains) {
    job.signer = keyring_.signer(domain);
    if (job.signer) {
      job.domain = domain;
      return job;
    }
  }
  job.why_not =
      domains.empty() ? "From names no domain of ours" : domains.front() + " has no key that the DNS shows";
  return job;
}

Task<Result<std::vector<Signature>>> MailSigner::sign(std::vector<const spool::Message*> messages,
                                                      Author author) const {
  std::vector<Job> jobs;
  for (const spool::Message* message : messages) jobs.push_back(prepare(*message, author));
  const int64_t now = clock_.wall_ms();
  std::vector<std::move_only_function<void()>> work;
  for (size_t begin = 0; begin < jobs.size(); begin += messages_per_job)
    work.emplace_back([this, &jobs, begin, now] {
      for (size_t i = begin; i < std::min(begin + messages_per_job, jobs.size()); ++i)
        if (Job& job = jobs[i]; job.signer) job.fields = fields_for(*job.signer, spool_, *job.message, now);
    });
  const bool any = std::ranges::any_of(jobs, [](const Job& job) { return job.signer != nullptr; });
  if (any) co_await workers_.run_all(std::move(work));
  std::vector<Signature> signatures;
  for (Job& job : jobs) {
    Signature one;
    one.event = event::Event(clock_.wall_ms(), event::Kind::signed_for);
    if (job.signer) {
      one.fields = CO_TRY(std::move(job.fields));
      one.by = job.domain;
      for (const dkim::SigningKey& key : job.signer->keys()) one.by += " " + key.selector;
      one.event.with(event::Field::name, job.domain).with(event::Field::what, selectors_in_words(one.by));
    } else {
      one.event.with(event::Field::cause, job.why_not);
    }
    signatures.push_back(std::move(one));
  }
  co_return signatures;
}

}  // namespace futar::mta
