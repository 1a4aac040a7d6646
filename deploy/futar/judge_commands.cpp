// check spf IP HELO MAILFROM | dkim FILE | arc FILE | dmarc FILE [--ip IP] [--helo H] [--mail-from A]
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "common/arc/verifier.h"
#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/dkim/verifier.h"
#include "common/dmarc/check.h"
#include "common/spf/check.h"
#include "common/spf/libspf2.h"
#include "common/spf/native.h"
#include "common/verdict/verdict.h"
#include "deploy/futar/judge_dns.h"
#include "deploy/futar/judge_input.h"
#include "deploy/futar/judge_options.h"
#include "deploy/futar/program.h"

namespace futar::deploy {
namespace {

using nlohmann::json;

struct CheckWords {
  JudgeOptions options;
  std::string ip, helo, mail_from, file;
};

// The first word is the result; what may be different soon is 75, all else but pass is "no".
int answer(Program& program, const json& answer, const std::string& more, bool temporary) {
  const std::string result = answer.at("result");
  if (program.json)
    program.print_json(answer);
  else
    program.print(fmt::format("{} {}\n{}", result, answer.at("reason").get<std::string>(), more));
  if (result == "pass") return exit_code::done;
  return temporary ? exit_code::later : exit_code::no;
}

std::string lines(const json& values, const char* head) {
  std::string text;
  for (size_t i = 0; i < values.size(); ++i) {
    const json& value = values[i];
    text += fmt::format("{} {}:", head, i + 1);
    for (const char* key : {"result", "domain", "selector", "algorithm", "reason"})
      if (value.contains(key) && value[key] != "") text += " " + value[key].get<std::string>();
    text += '\n';
  }
  return text;
}

spf::Request request_of(const CheckWords& words) {
  spf::Request request;
  request.client = need(net::IpAddress::parse(words.ip), exit_code::usage);
  request.helo = words.helo;
  request.sender = parse_mail_from(words.mail_from);
  request.receiver = "unknown";  // RFC 7208 §7.2: nobody receives here
  request.now_s = system_clock().wall_ms() / 1000;
  return request;
}

Task<spf::Verdict> ask_spf(const CheckWords& words, dns::Resolver& resolver, net::Loop& loop) {
  const spf::NativeEvaluator native;
  const spf::Libspf2Evaluator libspf2;
  const spf::SpfEvaluator& engine = words.options.engine == "libspf2"
                                        ? static_cast<const spf::SpfEvaluator&>(libspf2)
                                        : static_cast<const spf::SpfEvaluator&>(native);
  co_return co_await spf::check(engine, resolver, loop, request_of(words));
}

json spf_json(const spf::Verdict& verdict) {
  return {{"result", name(verdict.outcome)},
          {"reason", verdict.reason},
          {"identity", verdict.identity == spf::Identity::helo ? "helo" : "mail_from"},
          {"domain", verdict.domain},
          {"mechanism", verdict.mechanism},
          {"explanation", verdict.explanation}};
}

int check_spf(Program& program, const CheckWords& words) {
  request_of(words);  // a wrong address is said before anybody is asked
  spf::Verdict verdict;
  with_dns(program, words.options.dns, [&](dns::Resolver& resolver, net::Loop& loop) -> Task<> {
    verdict = co_await ask_spf(words, resolver, loop);
  });
  const std::string exp = verdict.explanation.empty() ? "" : fmt::format("exp: {}\n", verdict.explanation);
  return answer(program, spf_json(verdict), exp, verdict.outcome == spf::Outcome::temperror);
}

dkim::Verifier verifier_of(const Message& message, const JudgeOptions& options) {
  return {message.header, system_clock().wall_ms(), {.min_rsa_bits = options.min_rsa_bits()}};
}

Task<std::vector<dkim::Verdict>> ask_dkim(const CheckWords& words, const Message& message,
                                          dns::Resolver& resolver) {
  dkim::Verifier verifier = verifier_of(message, words.options);
  co_await dkim::fetch_keys(verifier, resolver, system_clock());
  verifier.body(message.body);
  co_return verifier.finish();
}

json dkim_json(const std::vector<dkim::Verdict>& verdicts) {
  json signatures = json::array();
  for (const dkim::Verdict& verdict : verdicts)
    signatures.push_back({{"result", name(verdict.result)},
                          {"reason", verdict.reason},
                          {"domain", verdict.domain},
                          {"selector", verdict.selector},
                          {"algorithm", verdict.algorithm},
                          {"identity", printable(verdict.identity, 255)},
                          {"testing", verdict.testing},
                          {"key_bits", verdict.key_bits}});
  return signatures;
}

// Of several signatures the one that decides: a pass, else what may become one, else the first.
const dkim::Verdict* deciding(const std::vector<dkim::Verdict>& verdicts) {
  for (const auto wanted : {dkim::Outcome::pass, dkim::Outcome::temperror})
    if (const auto found = std::ranges::find(verdicts, wanted, &dkim::Verdict::result);
        found != verdicts.end())
      return &*found;
  return verdicts.empty() ? nullptr : &verdicts.front();
}

int check_dkim(Program& program, const CheckWords& words) {
  const Message message = read_message(words.file);
  std::vector<dkim::Verdict> verdicts;
  with_dns(program, words.options.dns, [&](dns::Resolver& resolver, net::Loop&) -> Task<> {
    verdicts = co_await ask_dkim(words, message, resolver);
  });
  const dkim::Verdict* decided = deciding(verdicts);
  json told{{"result", decided ? name(decided->result) : "none"},
            {"reason", decided ? decided->reason : "the message carries no signature"},
            {"signatures", dkim_json(verdicts)}};
  return answer(program, told, lines(told["signatures"], "signature"),
                decided && decided->result == dkim::Outcome::temperror);
}

int check_arc(Program& program, const CheckWords& words) {
  const arc::Verdict verdict = judge_chain(program, words.options, read_message(words.file));
  json seals = json::array();
  for (const arc::Sealer& seal : verdict.seals)
    seals.push_back({{"domain", seal.domain}, {"selector", seal.selector}});
  const json told{{"result", name(verdict.result)}, {"reason", verdict.reason}, {"seals", seals}};
  return answer(program, told, lines(seals, "seal"), verdict.temporary);
}

// Everything that --ip and the message allow; pct spares nobody here, so that the answer is always the same.
Task<> ask_dmarc(const CheckWords& words, const Message& message, dns::Resolver& resolver, net::Loop& loop,
                 verdict::Verdict& found) {
  found.sender = parse_mail_from(words.mail_from);
  if (!words.ip.empty()) found.mail_from = co_await ask_spf(words, resolver, loop);
  found.dkim = co_await ask_dkim(words, message, resolver);
  const auto identifiers = verdict::identifiers(found);
  const auto authors = dmarc::authors_of(message::split_header(message.header));
  std::vector<dmarc::Evaluation> evaluations;
  for (const std::string& domain : authors.domains)
    evaluations.push_back(dmarc::evaluate(co_await dmarc::discover(resolver, domain), identifiers, 0));
  found.dmarc = dmarc::combine(authors, std::move(evaluations));
}

int check_dmarc(Program& program, const CheckWords& words) {
  if (!words.ip.empty()) request_of(words);
  const Message message = read_message(words.file);
  verdict::Verdict found;
  with_dns(program, words.options.dns, [&](dns::Resolver& resolver, net::Loop& loop) -> Task<> {
    co_await ask_dmarc(words, message, resolver, loop, found);
  });
  const dmarc::Evaluation& dmarc = *found.dmarc;
  json told{{"result", name(dmarc.outcome)},
            {"reason", dmarc.reason},
            {"from", dmarc.from},
            {"policy", dmarc.published ? json(name(*dmarc.published)) : json()},
            {"applies", name(dmarc.applies)},
            {"signatures", dkim_json(*found.dkim)}};
  std::string more = dmarc.published ? fmt::format("policy: {}\n", name(*dmarc.published)) : "";
  if (found.mail_from) {
    told["spf"] = spf_json(*found.mail_from);
    more += fmt::format("spf: {} {} {}\n", name(found.mail_from->outcome), found.mail_from->domain,
                        found.mail_from->reason);
  }
  return answer(program, told, more + lines(told["signatures"], "signature"),
                dmarc.outcome == dmarc::Outcome::temperror);
}

}  // namespace

arc::Verdict judge_chain(Program& program, const JudgeOptions& options, const Message& message) {
  arc::Verifier verifier(message.header, system_clock().wall_ms(), options.min_rsa_bits());
  if (!verifier.wanted_keys().empty())
    with_dns(program, options.dns, [&](dns::Resolver& resolver, net::Loop&) -> Task<> {
      co_await dkim::fetch_keys(verifier, resolver, system_clock());
    });
  verifier.body(message.body);
  return verifier.finish();
}

void JudgeOptions::add_to(CLI::App& app) {
  app.add_option("--dns", dns, "Ask this server only: ADDRESS:PORT");
  app.add_option("--engine", engine, "Of SPF")->check(CLI::IsMember({"native", "libspf2"}));
  app.add_flag("--allow-weak-keys", weak_keys, "RSA keys of 512 to 1023 bits count too");
}

void add_judge_commands(CLI::App& app, Program& program) {
  const auto words = std::make_shared<CheckWords>();
  CLI::App* check = app.add_subcommand("check",
                                       "What a receiver finds. The first word is the result. Exit status 0: "
                                       "pass, 1: anything else, 75: the DNS "
                                       "does not answer (temperror)");
  check->require_subcommand(1);
  const auto add = [&](const char* name, const char* what, int (*action)(Program&, const CheckWords&)) {
    CLI::App* sub = check->add_subcommand(name, what);
    words->options.add_to(*sub);
    command(sub, program, [&program, words, action] { return action(program, *words); });
    return sub;
  };
  CLI::App* spf = add(
      "spf", "SPF (RFC 7208): may this client send for MAILFROM, or as HELO when that is \"\"?", check_spf);
  spf->add_option("ip", words->ip, "Address of the client")->required();
  spf->add_option("helo", words->helo, "The name that it greeted with; may be empty")->required();
  spf->add_option("mailfrom", words->mail_from, "Address of MAIL FROM; may be empty")->required();
  constexpr const char* file = "A message with LF or CRLF (a bare LF counts as CRLF); \"-\" is stdin";
  add("dkim", "DKIM (RFC 6376): all signatures; a good one decides", check_dkim)
      ->add_option("file", words->file, file)
      ->required();
  add("arc", "ARC (RFC 8617): the chain of seals", check_arc)
      ->add_option("file", words->file, file)
      ->required();
  CLI::App* dmarc = add("dmarc", "DMARC (RFC 7489): is From proven by SPF or DKIM?", check_dmarc);
  dmarc->add_option("file", words->file, file)->required();
  dmarc->add_option("--ip", words->ip, "The client's address; without it SPF is not looked at");
  dmarc->add_option("--helo", words->helo, "The name that it greeted with");
  dmarc->add_option("--mail-from", words->mail_from, "Address of MAIL FROM");
}

}  // namespace futar::deploy
