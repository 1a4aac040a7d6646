// tls install CERT KEY | tls show
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "common/base/clock.h"
#include "common/base/file.h"
#include "common/base/text.h"
#include "common/config/paths.h"
#include "common/crypto/digest.h"
#include "common/dns/unbound.h"
#include "deploy/futar/agents.h"
#include "deploy/futar/program.h"
#include "deploy/futar/render/words.h"
#include "deploy/futar/tls_files.h"

namespace futar::deploy {
namespace {

using crypto::Certificate;
using nlohmann::json;

struct TlsWords {
  std::string certificate, key;
};

int64_t now_s() { return system_clock().wall_ms() / 1000; }
int64_t days_left(const Certificate& certificate) { return (certificate.until_s - now_s()) / 86400; }

std::string day(int64_t seconds) {
  const time_t time = static_cast<time_t>(seconds);
  tm broken{};
  ::gmtime_r(&time, &broken);
  return fmt::format("{:04}-{:02}-{:02}", broken.tm_year + 1900, broken.tm_mon + 1, broken.tm_mday);
}

std::string joined(const std::vector<std::string>& words) {
  return fmt::format("{}", fmt::join(words, ", "));
}

struct Pinned {
  std::vector<dns::Tlsa> records;
  std::string why;  ///< it is not known which there are
};

Task<> ask_pins(dns::Resolver& resolver, net::Loop& loop, std::string name, Pinned& pinned) {
  const dns::Answer answer = co_await resolver.ask(std::move(name), dns::Type::tlsa);
  if (answer.is_temporary()) pinned.why = answer.why.empty() ? "no answer" : answer.why;
  for (const std::string& rdata : answer.rdata)
    if (auto record = dns::parse_tlsa(rdata)) pinned.records.push_back(std::move(*record));
  loop.stop();
}

// What others are told to expect of port 25.
Pinned published_pins(const config::Config& config) {
  net::Loop loop;
  Pinned pinned;
  const auto resolver = need(dns::Unbound::open(loop, {.servers = config.list("dns.servers"),
                                                       .anchor_file = config.text("dns.anchor"),
                                                       .timeout_ms = config.duration_ms("dns.timeout")}));
  loop.spawn("tlsa", ask_pins(*resolver, loop, "_25._tcp." + ascii_lower(config.hostname()), pinned));
  loop.run();
  return pinned;
}

std::string wanted_pin(const Certificate& certificate) {
  return "3 1 1 " + hex(crypto::sha256(certificate.key));
}

std::string pin_words(const config::Config& config, const Pinned& pinned,
                      const std::vector<Certificate>& chain) {
  if (!pinned.why.empty()) return "not known: " + printable(pinned.why, 200);
  if (pinned.records.empty()) return "none";
  if (is_pinned_right(pinned.records, chain)) return "ok, it names this key";
  return fmt::format(
      "WRONG: no TLSA record of _25._tcp.{} names the key; servers that know DANE send us nothing. Publish "
      "{}",
      config.hostname(), wanted_pin(chain.front()));
}

bool same_file(const std::string& a, const std::string& b) {
  struct stat one{}, other{};
  return ::stat(a.c_str(), &one) == 0 && ::stat(b.c_str(), &other) == 0 && one.st_ino == other.st_ino &&
         one.st_dev == other.st_dev;
}

void put_in_place(const std::string& certificate_file, const std::string& key_file,
                  const std::string& certificate, const std::string& key) {
  need(make_folders(key_file.substr(0, key_file.rfind('/')), 0755), exit_code::rights);
  need(replace_keeping(key_file, key, 0600), exit_code::rights);
  need(open_key(key_file), exit_code::rights);
  need(replace_keeping(certificate_file, certificate, 0644), exit_code::rights);
}

int tell_tls_agents(Program& program) {
  int code = exit_code::done;
  for (const char* agent : {"mta", "msa"}) {
    const Answer answer = ask_agent(program, agent, "reload");
    if (!answer.error) {
      program.say(fmt::format("{}: serves with it from now on", agent));
    } else if (answer.error->kind == Error::Kind::temporary) {
      program.say(fmt::format("{}: not running, reads it at its start", agent));
    } else {
      program.warn(fmt::format("{}: {}", agent, answer.error->text));
      code = exit_code::no;
    }
  }
  return code;
}

int install(Program& program, const TlsWords& words) {
  const config::Config& config = program.config();
  const std::string certificate = need(read_file(words.certificate), exit_code::usage);
  const std::string key = need(read_file(words.key), exit_code::usage);
  const auto chain = need(checked_pair(certificate, key, now_s()), exit_code::usage);
  const Certificate& own = chain.front();
  if (!crypto::is_for(own, config.hostname()))
    program.confirm(fmt::format("The certificate is for {}, not for {}. Install it?", joined(own.names),
                                config.hostname()));
  const std::string certificate_file = config::certificate_file(config), key_file = config::key_file(config);
  const bool is_first = ::access(certificate_file.c_str(), F_OK) != 0;
  if (!same_file(words.certificate, certificate_file) || !same_file(words.key, key_file))
    put_in_place(certificate_file, key_file, certificate, key);
  program.say(
      fmt::format("installed: {}, for {}, until {}", certificate_file, joined(own.names), day(own.until_s)));
  if (is_first)  // an agent that found none at its start made one of its own, and keeps to that file
    program.warn(
        "agents that run serve with another until they start again: futar restart mta, futar restart msa");
  const int code = is_first ? exit_code::done : tell_tls_agents(program);
  const Pinned pinned = published_pins(config);
  const bool wrong = pinned.why.empty() && !is_pinned_right(pinned.records, chain);
  if (wrong) program.warn("TLSA " + pin_words(config, pinned, chain));
  program.say("Dovecot reads it when it is told: systemctl reload dovecot");
  if (program.json)
    program.print_json({{"certificate", certificate_file},
                        {"names", own.names},
                        {"until", day(own.until_s)},
                        {"tlsa_wrong", wrong}});
  return code;
}

int show(Program& program) {
  const config::Config& config = program.config();
  const std::string file = config::certificate_file(config);
  const auto chain = need(crypto::certificates_in(need(read_file(file), exit_code::no)), exit_code::no);
  const Certificate& own = chain.front();
  const bool is_self_signed = own.subject == own.issuer;
  const bool named = crypto::is_for(own, config.hostname()), expired = now_s() >= own.until_s;
  const Pinned pinned = published_pins(config);
  const bool pinned_right = is_pinned_right(pinned.records, chain);
  const std::string shown = table(
      {{"file", file},
       {"names", joined(own.names) + (named ? "" : "; WRONG: not " + config.hostname())},
       {"issuer", is_self_signed ? "itself: mail programs warn, other servers do not mind"
                                 : printable(own.issuer, 200)},
       {"until", fmt::format("{}, {}", day(own.until_s),
                             expired ? "EXPIRED" : counted(static_cast<size_t>(days_left(own)), "day"))},
       {"TLSA", wanted_pin(own)},
       {"published", pin_words(config, pinned, chain)}});
  if (!program.json) program.print(shown);
  if (program.json)
    program.print_json({{"file", file},
                        {"names", own.names},
                        {"issuer", own.issuer},
                        {"self_signed", is_self_signed},
                        {"until", day(own.until_s)},
                        {"days", days_left(own)},
                        {"tlsa", wanted_pin(own)},
                        {"published", pin_words(config, pinned, chain)}});
  return named && !expired && pinned_right ? exit_code::done : exit_code::no;
}

}  // namespace

void add_tls_commands(CLI::App& app, Program& program) {
  CLI::App* tls = app.get_subcommand("tls");  // the reports are there already
  const auto words = std::make_shared<TlsWords>();
  CLI::App* installed = tls->add_subcommand(
      "install",
      "Put a certificate and its key in place and let the agents read them; as certbot's deploy hook");
  installed->add_option("certificate", words->certificate, "PEM, with its chain: fullchain.pem")->required();
  installed->add_option("key", words->key, "PEM, without a pass phrase: privkey.pem")->required();
  command(installed, program, [&program, words] { return install(program, *words); });
  command(tls->add_subcommand("show",
                              "The certificate in use, and whether a published TLSA record names it; "
                              "exit status 1: something is wrong"),
          program, [&program] { return show(program); });
}

}  // namespace futar::deploy
