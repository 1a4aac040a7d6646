#include "common/config/config.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <fstream>

#include "common/config/listen.h"
#include "common/config/paths.h"
#include "common/config/printer.h"

using namespace futar;
using namespace futar::config;

namespace {

std::string error_of(std::string_view text, const Environment& environment = {}) {
  const auto config = Config::parse(text, "futar.toml", environment);
  return config ? "" : config.error().text;
}

}  // namespace

TEST_CASE("without a file each key has its default") {
  const Config config;
  CHECK(config.text("state_dir") == "/var/lib/futar");
  CHECK(config.list("msa.listen") == List{"*:465", "*:587"});
  CHECK(config.size("mta.max_size") == 50u << 20);
  CHECK(config.duration_ms("mta.retry_first") == 300'000);
  CHECK(config.number("msa.limit_day") == 500);
  CHECK(config.table("mta.routes").empty());
  CHECK_FALSE(config.flag("trace.subjects"));
  CHECK_FALSE(config.is_set("mta.remote"));
  CHECK_FALSE(config.hostname().empty());
}

TEST_CASE("the file sets values and the environment overrides it") {
  const auto config = Config::parse(
      "hostname = \"mail.example.org\"\n[mta]\nremote = \"hold\"\nmax_size = \"1MiB\"\n"
      "routes = { \"a.example\" = \"smtps://h:465\" }\n",
      "futar.toml", {{"FUTAR__MTA__REMOTE", "capture"}, {"FUTAR_CONFIG", "x"}});
  REQUIRE(config.has_value());
  CHECK(config->hostname() == "mail.example.org");
  CHECK(config->text("mta.remote") == "capture");
  CHECK(config->size("mta.max_size") == 1u << 20);
  CHECK(config->table("mta.routes") == Table{{"a.example", "smtps://h:465"}});
  CHECK(config->is_set("mta.remote"));
}

TEST_CASE("a value of the environment is TOML if it parses, else a string") {
  const auto config =
      Config::parse("", "",
                    {{"FUTAR__MSA__LISTEN", R"(["127.0.0.1:1587", "127.0.0.1:1465/implicit"])"},
                     {"FUTAR__MTA__LISTEN", "127.0.0.1:1025"},
                     {"FUTAR__MSA__SESSIONS", "7"},
                     {"FUTAR__MTA__MAX_SIZE", "20MiB"},
                     {"FUTAR__MTA__SMART_HOST_USER", "2024"},
                     {"FUTAR__DNS__SERVERS", "[]"},
                     {"FUTAR__HOSTNAME", "mail.example.org"}});
  REQUIRE(config.has_value());
  CHECK(config->list("msa.listen") == List{"127.0.0.1:1587", "127.0.0.1:1465/implicit"});
  CHECK(config->list("mta.listen") == List{"127.0.0.1:1025"});
  CHECK(config->number("msa.sessions") == 7);
  CHECK(config->size("mta.max_size") == 20u << 20);
  CHECK(config->text("mta.smart_host_user") == "2024");
  CHECK(config->list("dns.servers").empty());
  CHECK(config->text("hostname") == "mail.example.org");
}

TEST_CASE("each setting can come from the environment") {
  for (const Option& option : options()) {
    const std::string section = option.section.empty() ? "" : std::string(option.section) + "__";
    std::string variable = "FUTAR__" + section + std::string(option.key);
    std::ranges::transform(variable, variable.begin(), [](unsigned char c) { return std::toupper(c); });
    CAPTURE(variable);
    const auto config = Config::parse("", "", {{variable, std::string(option.fallback)}});
    REQUIRE(config.has_value());
    CHECK(config->is_set(option.name()));
    CHECK(config->entries()[static_cast<size_t>(&option - options().data())].origin == variable);
  }
}

TEST_CASE("a value of the environment cannot smuggle in another key") {
  CHECK(error_of("", {{"FUTAR__MTA__REMOTE", "\"hold\"\nextra = 1"}}).find("FUTAR__MTA__REMOTE") !=
        std::string::npos);
}

TEST_CASE("an error names file, line and key") {
  const std::pair<std::string_view, std::string_view> rows[] = {
      {"[mta]\nretry_frist = \"5m\"",
       "futar.toml:2: unknown key mta.retry_frist; did you mean mta.retry_first?"},
      {"hostnmae = \"a\"", "futar.toml:1: unknown key hostnmae; did you mean hostname?"},
      {"[mtaa]\nremote = \"hold\"", "futar.toml:1: unknown key mtaa"},
      {"\n[msa]\nsessions = 0", "futar.toml:3: msa.sessions: out of bounds; it must be 1 to 1000000"},
      {"[msa]\nsessions = \"many\"", "futar.toml:2: msa.sessions: it must be a whole number"},
      {"[mta]\nretry_first = 5", "futar.toml:2: mta.retry_first: it must be a duration such as \"5m\""},
      {"[mta]\nretry_first = \"5\"", "futar.toml:2: mta.retry_first: \"5\" is no duration"},
      {"[mta]\nremote = \"away\"", "mta.remote: \"away\" is not known; it can be direct, hold or capture"},
      {"[mta]\nspf_engine = \"spf2\"",
       "mta.spf_engine: \"spf2\" is not known; it can be native, libspf2 or both"},
      {"[mta]\nrelay_networks = [\"0.0.0.0/0\"]", "mta.relay_networks"},
      {"[mta]\nrelay_networks = [\"::/0\"]", "mta.relay_networks"},
      {"[mta]\nsmart_host = \"smtps://me:secret@smtp.example\"",
       "mta.smart_host: a password does not belong into a URL"},
      {"[mta]\nroutes = { a = \"smtp://me:secret@h\" }", "mta.routes: a password does not belong into a URL"},
      {"[mta]\nlisten = [\"25\"]", "mta.listen: \"25\" does not fit"},
      {"state_dir = \"relative\"", "state_dir: \"relative\" does not fit; it must be an absolute path"},
      {"mta = 5", "futar.toml:1: unknown key mta"},
      {"[mda]\njunk = \"../x\"", "mda.junk"},
      {"[mda]\njunk = \"a.b\"", "mda.junk"},
      {"[mta]\narc_trusted = [\"lists\"]",
       "mta.arc_trusted: \"lists\" does not fit; it must be a domain name"},
      {"[mta]\ntrusted_forwarders = [\"0.0.0.0/0\"]", "mta.trusted_forwarders"},
      {"[mta]\narc_trusted = [\"@lists.example\"]", "mta.arc_trusted"},
      {"[mda]\njunk = \"INBOX\"", "mda.junk"},
      {"[mda\n", "futar.toml:"},
  };
  for (const auto& [text, words] : rows) {
    CAPTURE(text);
    CHECK(error_of(text).find(words) != std::string::npos);
  }
}

TEST_CASE("all faults are told at once") {
  const std::string errors =
      error_of("[mta]\nremote = \"away\"\nlistne = []", {{"FUTAR__MSA__SESIONS", "1"}});
  CHECK(std::count(errors.begin(), errors.end(), '\n') == 2);
  CHECK(errors.find("FUTAR__MSA__SESIONS: unknown key msa.sesions; did you mean msa.sessions?") !=
        std::string::npos);
}

TEST_CASE("the secret is never shown in the error of a URL with a password") {
  CHECK(error_of("[mta]\nsmart_host = \"smtps://me:secret@h\"").find("secret") == std::string::npos);
}

TEST_CASE("a file that was named must be there") {
  CHECK_FALSE(Config::load("/nonexistent/futar.toml", {}).has_value());
  CHECK_FALSE(Config::load(std::nullopt, {{"FUTAR_CONFIG", "/nonexistent/futar.toml"}}).has_value());
}

TEST_CASE("a secret is the first line of its file") {
  const std::string path = "/tmp/futar_secret_" + std::to_string(getpid());
  std::ofstream(path) << "pass word\r\nnot this\n";
  const auto config = Config::parse("[mta]\nsmart_host_password_file = \"" + path + "\"", "futar.toml");
  CHECK(config.value().secret("mta.smart_host_password_file").value() == "pass word");
  std::remove(path.c_str());
  CHECK_FALSE(config->secret("mta.smart_host_password_file").has_value());
}

TEST_CASE("what show prints gives the same config again") {
  const auto config = Config::parse(
      "hostname = \"m.example\"\n[mta]\nroutes = { \"a.example\" = \"smtp://h\" }\n"
      "relay_networks = [\"192.0.2.0/24\", \"2001:db8::/32\"]\nretry_max = \"90m\"",
      "futar.toml");
  for (const bool changed_only : {false, true}) {
    const auto again = Config::parse(show(config.value(), changed_only), "shown");
    REQUIRE(again.has_value());
    for (size_t i = 0; i < config->entries().size(); ++i)
      CHECK(again->entries()[i].value == config->entries()[i].value);
  }
  CHECK(show(config.value(), true) ==
        "hostname = \"m.example\"  # futar.toml:1\n\n[mta]\nrelay_networks = [\"192.0.2.0/24\", "
        "\"2001:db8::/32\"]  "
        "# futar.toml:4\nretry_max = \"90m\"  # futar.toml:5\nroutes = { \"a.example\" = \"smtp://h\" }  # "
        "futar.toml:3\n");
}

TEST_CASE("the sample is a config, also with each default written out") {
  CHECK(error_of(sample()).empty());
  std::string written_out;
  for (const std::string text = sample(); char c : text)
    if (!(c == '#' && (written_out.empty() || written_out.back() == '\n'))) written_out += c;
  std::string lines;  // sentences were comments, keys begin without a space
  for (size_t at = 0; at < written_out.size();) {
    const size_t end = written_out.find('\n', at);
    if (written_out[at] != ' ') lines += written_out.substr(at, end - at) + "\n";
    at = end + 1;
  }
  CHECK(error_of(lines) == "");
}

TEST_CASE("every option has a sentence and stands in the reference") {
  const std::string text = reference();
  for (const Option& option : options()) {
    CHECK(option.sentence.ends_with('.'));
    CHECK(text.find("`" + option.name() + "`") != std::string::npos);
    CHECK(find_option(option.name()) == &option);
  }
}

TEST_CASE("a listener speaks TLS by its port or its suffix") {
  using Tls = Listen::Tls;
  CHECK(parse_listen("127.0.0.1:465").value() == std::vector{Listen{"127.0.0.1:465", Tls::implicit, false}});
  CHECK(parse_listen("[::1]:587").value() == std::vector{Listen{"[::1]:587", Tls::starttls, false}});
  CHECK(parse_listen("127.0.0.1:1465/implicit").value() ==
        std::vector{Listen{"127.0.0.1:1465", Tls::implicit, false}});
  CHECK(parse_listen("127.0.0.1:25/none").value() == std::vector{Listen{"127.0.0.1:25", Tls::none, false}});
  CHECK(parse_listen("*:25").value() ==
        std::vector{Listen{"0.0.0.0:25", Tls::starttls, false}, Listen{"[::]:25", Tls::starttls, true}});
  for (std::string_view bad :
       {"", "25", ":25", "::1:25", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:25/tls", "a:b"})
    CHECK_FALSE(parse_listen(bad).has_value());
}

TEST_CASE("all programs find the same folders and sockets") {
  const auto config = Config::parse("state_dir = \"/s\"\nrun_dir = \"/r\"", "futar.toml");
  CHECK(state_folder(*config, "msa") == "/s/msa");
  CHECK(published_folder(*config) == "/s/published");
  CHECK(control_endpoint(*config, "mta") == "ipc:///r/mta/control.mta");
  CHECK(submission_link(*config) == "ipc:///r/submission/link");
  CHECK(certificate_file(*config) == "/s/tls/self_signed.crt");
  const auto remote =
      Config::parse("[link]\nsubmission = \"tcp://mta:2500\"\n[tls]\ncertificate = \"/c.pem\"", "futar.toml");
  CHECK(submission_link(*remote) == "tcp://mta:2500");
  CHECK(certificate_file(*remote) == "/c.pem");
}

TEST_CASE("each folder that holds a socket belongs to the one agent that binds it") {
  const auto paths_of = [](const Config& config, const std::string& agent) {
    std::vector<std::string> paths;
    for (const Folder& folder : own_folders(config, agent)) paths.push_back(folder.path);
    return paths;
  };
  const std::string text = "state_dir = \"/s\"\nrun_dir = \"/r\"\n[mda]\nmailboxes = \"/m\"\n";
  const auto config = Config::parse(text, "futar.toml");
  using Paths = std::vector<std::string>;
  CHECK(paths_of(*config, "msa") == Paths{"/s/msa", "/r/msa", "/r/public"});
  CHECK(paths_of(*config, "mta") == Paths{"/s/mta", "/r/mta", "/r/submission", "/r/delivery"});
  CHECK(paths_of(*config, "mda") == Paths{"/s/mda", "/r/mda", "/m"});
  CHECK(submit_socket(*config) == "/r/public/submit");
  const auto far = Config::parse(text + "[link]\nsubmission = \"tcp://mta:2500\"\n", "futar.toml");
  CHECK(paths_of(*far, "mta") == Paths{"/s/mta", "/r/mta", "/r/delivery"});
}
