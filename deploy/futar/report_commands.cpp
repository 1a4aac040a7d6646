// dmarc [DOMAIN] [--last 7d] | tls reports [DOMAIN] [--last 7d]
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "common/config/units.h"
#include "common/directory/records.h"
#include "deploy/futar/agents.h"
#include "deploy/futar/program.h"
#include "deploy/futar/render/reports.h"

namespace futar::deploy {
namespace {

using nlohmann::json;

struct ReportWords {
  std::string domain, last = "7d";
};

int show_reports(Program& program, const char* kind, const ReportWords& words,
                 std::string (*in_words)(const json&)) {
  const std::string domain =
      words.domain.empty() ? "" : need(directory::canonical_domain(words.domain), exit_code::usage);
  const int64_t last_ms = need(config::parse_duration(words.last), exit_code::usage);
  const json answer =
      need_agent(program, "mta", "reports", {{"kind", kind}, {"domain", domain}, {"last_ms", last_ms}});
  if (program.json)
    program.print_json(answer);
  else
    program.print(in_words(answer));
  return exit_code::done;
}

}  // namespace

void add_report_commands(CLI::App& app, Program& program) {
  const auto words = std::make_shared<ReportWords>();
  const auto add = [&](CLI::App* shown, const char* kind, const char* domain,
                       std::string (*in_words)(const json&)) {
    shown->add_option("domain", words->domain, domain);
    shown->add_option("--last", words->last, "Covering this time, such as 30d")->capture_default_str();
    command(shown, program,
            [&program, words, kind, in_words] { return show_reports(program, kind, *words, in_words); });
  };
  add(app.add_subcommand("dmarc", "What others report of mail in our name"), "dmarc", "Only of this domain",
      dmarc_in_words);
  CLI::App* tls = app.add_subcommand("tls", "TLS with other servers")->require_subcommand(1);
  add(tls->add_subcommand("reports", "How TLS fares between others and us"), "tls",
      "Only to this domain, ours or of others", tls_reports_in_words);
}

}  // namespace futar::deploy
