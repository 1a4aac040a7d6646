#include "common/config/option.h"

#include <fmt/format.h>

#include <array>
#include <numeric>
#include <vector>

#include "common/base/text.h"
#include "common/config/host_url.h"
#include "common/config/listen.h"
#include "common/config/units.h"

namespace futar::config {
namespace {

bool is_absolute_path(std::string_view text) { return text.starts_with('/'); }
bool is_path_or_empty(std::string_view text) { return text.empty() || is_absolute_path(text); }
bool is_listener(std::string_view text) { return parse_listen(text).has_value(); }
bool is_listener_or_empty(std::string_view text) { return text.empty() || is_listener(text); }
// A network of prefix length 0 would make an open relay. common/net parses the rest.
bool is_bounded_network(std::string_view text) { return !text.empty() && !text.ends_with("/0"); }
bool is_delivery(std::string_view text) {
  return text == "maildir" || text.starts_with("lmtp:unix:/") || text.starts_with("lmtp:tcp:");
}
bool is_host_or_empty(std::string_view text) {
  return text.size() <= 255 &&
         text.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._") ==
             std::string_view::npos;
}
bool is_domain_name(std::string_view text) {
  return text.contains('.') && text.front() != '.' && text.back() != '.' && is_host_or_empty(text);
}
bool is_smtp_url(std::string_view text) { return parse_host_url(text).has_value(); }
bool is_smtp_url_or_empty(std::string_view text) { return text.empty() || is_smtp_url(text); }
bool is_rate(std::string_view text) { return parse_rate(text).has_value(); }
// HOST@PORT as libunbound takes it; whether HOST is an address, the resolver says at the start.
bool is_resolver(std::string_view text) {
  if (text == "resolv.conf") return true;
  const size_t at = text.find('@');
  const auto port = at == std::string_view::npos ? 53 : parse_number(text.substr(at + 1));
  return at != 0 && !text.empty() && port && *port > 0 && *port <= 65535 &&
         text.substr(0, at).find_first_not_of("0123456789abcdefABCDEF.:%") == std::string_view::npos;
}
bool is_link_or_empty(std::string_view text) {
  return text.empty() || text.starts_with("ipc:///") || text.starts_with("tcp://");
}
// One folder of Maildir++, the same in modified UTF-7 (RFC 3501 §5.1.3).
bool is_folder_name(std::string_view text) {
  return !text.empty() && text.size() <= 64 && text != "INBOX" &&
         text.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_ ") ==
             std::string_view::npos;
}
bool is_separators(std::string_view text) { return text.find_first_of("@\"\\ <>") == std::string_view::npos; }

constexpr Bounds free{};
constexpr Bounds sessions{.least = 1, .most = 1'000'000};
constexpr Bounds count{.least = 0, .most = 1'000'000};
constexpr Bounds some_time{.least = 1000};
constexpr Bounds some_size{.least = 64 * 1024, .most = int64_t{4} << 30};
constexpr Bounds path{.form = is_absolute_path, .form_words = "an absolute path"};
constexpr Bounds path_or_empty{.form = is_path_or_empty, .form_words = "an absolute path"};
constexpr Bounds host{.form = is_host_or_empty, .form_words = "a host name"};
constexpr Bounds domain_name{.form = is_domain_name, .form_words = "a domain name"};
constexpr Bounds listener{.form = is_listener,
                          .form_words = "ADDRESS:PORT, if need be with /implicit, /starttls or /none"};
constexpr Bounds metrics{.form = is_listener_or_empty, .form_words = "ADDRESS:PORT, or \"\" for none"};
constexpr Bounds networks{.form = is_bounded_network,
                          .form_words = "addresses or networks, and not all addresses"};
constexpr std::string_view smtp_url_words =
    "smtp://, smtp+tls:// or smtps:// and HOST[:PORT], without a login";
constexpr Bounds smtp_url{.form = is_smtp_url, .form_words = smtp_url_words};
constexpr Bounds smtp_url_or_empty{.form = is_smtp_url_or_empty, .form_words = smtp_url_words};
constexpr Bounds rate{.form = is_rate, .form_words = "a rate such as \"10/s\", \"100/m\" or \"5000/h\""};
constexpr Bounds resolver{.form = is_resolver, .form_words = "ADDRESS or ADDRESS@PORT, or \"resolv.conf\""};
constexpr Bounds link{.form = is_link_or_empty, .form_words = "tcp://HOST:PORT or ipc:///PATH"};
constexpr Bounds delivery{.form = is_delivery, .form_words = "\"maildir\" or lmtp:unix:/PATH"};

using enum Type;

// Sections and keys in the order in which people read them. A key that has no effect yet says so.
constexpr auto table_of_options = std::to_array<Option>({
    {"", "hostname", text, R"("")", host,
     "Name of this mail server: greeting, EHLO, certificate, and the name its address has in the DNS. "
     "Empty: the machine's name."},
    {"", "state_dir", text, R"("/var/lib/futar")", path,
     "Folder of the databases, spools and published files."},
    {"", "run_dir", text, R"("/run/futar")", path, "Folder of sockets and pid files."},
    {"", "sandbox", flag, "true", free,
     "Each agent shuts itself out of files, ports and system calls that it does not need (Landlock, "
     "seccomp). "
     "false: only while a fault is searched for."},
    {"",
     "container",
     text,
     R"("auto")",
     {.choices = "auto|yes|no"},
     "Whether this is a container: then who connects from its default gateway is a client whose address is "
     "hidden, and is trusted with nothing. auto: where /.dockerenv, /run/.containerenv or a cgroup says so."},

    {"msa", "listen", list, R"(["*:465", "*:587"])", listener,
     "Where mail programs submit. Port 465 speaks TLS from the start, others STARTTLS; a suffix /implicit, "
     "/starttls or /none says otherwise."},
    {"msa", "sessions", number, "1000", sessions, "Most sessions at once."},
    {"msa", "sessions_per_client", number, "20", count,
     "Most sessions at once from one address; 0 = no limit."},
    {"msa", "proxy_from", list, "[]", networks,
     "Proxies whose connections begin with a PROXY header (version 2) that names the client; from others "
     "none is read."},
    {"msa", "limit_hour", number, "100", count,
     "Recipients an account may send to within an hour; 0 = no limit. Over it the mail is held and "
     "postmaster told."},
    {"msa", "limit_day", number, "500", count, "The same within 24 hours."},

    {"mta", "listen", list, R"(["*:25"])", listener, "Where other mail servers deliver."},
    {"mta", "sessions", number, "1000", sessions, "Most sessions at once."},
    {"mta", "sessions_per_client", number, "20", count,
     "Most sessions at once from one address; 0 = no limit."},
    {"mta", "proxy_from", list, "[]", networks, "The same for port 25."},
    {"mta", "max_size", size, R"("50MiB")", some_size, "Largest message that is accepted, by msa too."},
    {"mta", "relay_networks", list, "[]", networks,
     "Networks whose clients may send to any domain without a login, e.g. [\"192.0.2.0/24\"]."},
    {"mta",
     "remote",
     text,
     R"("direct")",
     {.choices = "direct|hold|capture"},
     "Mail for other domains: direct sends it out; hold keeps it as held, capture puts it into "
     "captured@DOMAIN "
     "with X-Original-To. With hold and capture nothing leaves, whatever smart_host and routes say."},
    {"mta", "retry_first", duration, R"("5m")", some_time,
     "Wait after the first failed attempt; doubled each time."},
    {"mta", "retry_max", duration, R"("1h")", some_time, "Longest wait between two attempts."},
    {"mta", "lifetime", duration, R"("5d")", some_time,
     "How long delivery is tried before the mail is returned."},
    {"mta", "link_lifetime", duration, R"("30d")", some_time, "The same while mda is away."},
    {"mta", "held_lifetime", duration, R"("30d")", some_time,
     "How long held mail is kept; then it expires unreported."},
    {"mta",
     "delay_notice",
     duration,
     R"("4h")",
     {},
     "After this delay the sender is told once; \"0\" = never."},
    {"mta", "smart_host", text, R"("")", smtp_url_or_empty,
     "Send all mail for other domains through this host: smtp:// (TLS if offered), smtp+tls:// (STARTTLS "
     "required) or smtps://. Routes of single domains go before it."},
    {"mta", "smart_host_user", text, R"("")", free, "Login at the smart host; empty: none."},
    {"mta", "smart_host_password_file", text, R"("")", path_or_empty,
     "File whose first line is the password at the smart host; read anew for each session."},
    {"mta", "smart_host_oauth", flag, "false", free,
     "The file holds an OAuth 2.0 access token, and the login is XOAUTH2; another program keeps it fresh."},
    {"mta", "routes", table, "{}", smtp_url,
     "Hosts for single domains of recipients: {\"domain\" = URL}; \"*.domain\" is all below it, \"*\" the "
     "rest."},
    {"mta", "sender_routes", table, "{}", smtp_url,
     "The same by the sender's domain or whole address; asked after routes."},
    {"mta",
     "tls_policy",
     table,
     "{}",
     {.choices = "opportunistic|require|verify|dane-only"},
     "TLS toward single domains of recipients: {\"domain\" = policy}; require: encrypted or not at all, "
     "verify: "
     "with a certificate of that name too, dane-only: proven by DANE."},
    {"mta", "rate", table, "{}", rate,
     "Most messages to single domains or hosts of routes in a time: {\"domain\" = \"10/s\"}."},
    {"mta",
     "ip",
     text,
     R"("auto")",
     {.choices = "auto|ipv4|ipv6"},
     "Address family for sending; auto: IPv4, and IPv6 when its own reverse name is confirmed."},
    {"mta",
     "egress_check",
     text,
     R"("warn")",
     {.choices = "warn|hold|off"},
     "Looks at own mail as its receiver will (SPF, DKIM, DMARC): warn tells what fails in trace and status; "
     "hold keeps such mail until futar queue release; off asks nothing."},
    {"mta",
     "spf_engine",
     text,
     R"("native")",
     {.choices = "native|libspf2|both"},
     "Which engine judges SPF: our own, the library libspf2 (in a process that can open nothing), or both: "
     "ours judges, and status counts where the other says otherwise."},
    {"mta",
     "dmarc",
     text,
     R"("follow")",
     {.choices = "follow|mark|off"},
     "The DMARC policy of the domain in From: follow refuses what it says to; mark only notes it; off asks "
     "nobody."},
    {"mta", "arc_trusted", list, "[]", domain_name,
     "Domains whose ARC seals count: mail that one of them found proven (DMARC) and then changed, as a "
     "mailing "
     "list does, is taken."},
    {"mta", "trusted_forwarders", list, "[]", networks,
     "Hosts that forward to us, such as a second MX: their mail is judged by the client that their Received "
     "field names."},
    {"mta", "dnsbl", list, "[]", free, "DNS block lists to ask. No effect yet."},
    {"mta",
     "greylist",
     text,
     R"("suspicious")",
     {.choices = "off|suspicious|all"},
     "Who is greylisted. No effect yet."},
    {"mta", "rspamd", text, R"("")", free, "URL of an rspamd that judges content. No effect yet."},

    {"mda", "deliver", text, R"("maildir")", delivery,
     "How mail gets into a mailbox: \"maildir\", or a socket such as lmtp:unix:/run/dovecot/lmtp (no effect "
     "yet)."},
    {"mda", "mailboxes", text, R"("/var/mail/futar")", path, "Folder of the Maildirs: DOMAIN/USER/."},
    {"mda", "quota", size, R"("0")", free,
     "Largest mailbox of an account without a quota of its own; \"0\" = no limit."},
    {"mda",
     "junk",
     text,
     R"("Junk")",
     {.form = is_folder_name, .form_words = "a folder name of letters, digits, spaces, \"-\" and \"_\""},
     "Folder for mail that the owner of its From asks to quarantine (mta.dmarc = \"follow\")."},
    {"mda",
     "subaddress",
     text,
     R"("+")",
     {.form = is_separators, .form_words = "characters legal in a local part"},
     "Characters that part the detail from the account: bob+detail@. Empty = none."},

    {"tls", "certificate", text, R"("")", path_or_empty,
     "Certificate chain (PEM). Empty: a self-signed one in state_dir/tls, made at the first start."},
    {"tls", "key", text, R"("")", path_or_empty, "Its private key (PEM)."},
    {"tls", "trusted", text, R"("")", path_or_empty,
     "File with the certificate authorities that other servers are checked against. Empty: those of the "
     "system "
     "(/etc/ssl/certs/ca-certificates.crt)."},

    {"link", "submission", text, R"("")", link,
     "Endpoint between msa and mta; mta binds, msa connects. Empty: a socket in run_dir."},
    {"link", "delivery", text, R"("")", link,
     "Endpoint between mta and mda; mta binds, mda connects. Empty: a socket in run_dir."},
    {"link", "keys", text, R"("")", path_or_empty,
     "Folder of the CURVE keys, needed for tcp: AGENT.secret, mta.public, submission.allowed, "
     "delivery.allowed."},

    {"metrics", "msa", text, R"("127.0.0.1:9081")", metrics,
     "Where msa answers GET /metrics; \"\" = nowhere."},
    {"metrics", "mta", text, R"("127.0.0.1:9082")", metrics,
     "Where mta answers GET /metrics; \"\" = nowhere."},
    {"metrics", "mda", text, R"("127.0.0.1:9083")", metrics,
     "Where mda answers GET /metrics; \"\" = nowhere."},

    {"dns", "servers", list, R"(["resolv.conf"])", resolver,
     "Resolvers to ask, as ADDRESS@PORT; \"resolv.conf\" = those of the machine if they validate DNSSEC, "
     "else we "
     "ask the world ourselves; [] = never ask."},
    {"dns", "anchor", text, R"("")", path_or_empty, "File with the DNSSEC trust anchor. Empty: built in."},
    {"dns", "timeout", duration, R"("10s")", some_time, "Longest wait for an answer."},

    {"trace", "keep", duration, R"("30d")", some_time, "How long the history of a message is kept."},
    {"trace", "keep_refused", duration, R"("7d")", some_time,
     "How long refused sessions are kept (at most 100 000)."},
    {"trace", "subjects", flag, "false", free, "Whether subjects are kept in the history. No effect yet."},

    {"log", "format", text, R"("postfix")", {.choices = "postfix|json"}, "Shape of the log lines."},
});

// Edit distance with transposition: a mistyped key is usually one or two steps away.
size_t distance(std::string_view a, std::string_view b) {
  std::vector<size_t> before(b.size() + 1), above(b.size() + 1), row(b.size() + 1);
  std::iota(above.begin(), above.end(), size_t{0});
  for (size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (size_t k = 1; k <= b.size(); ++k) {
      row[k] = std::min({above[k] + 1, row[k - 1] + 1, above[k - 1] + (a[i - 1] == b[k - 1] ? 0u : 1u)});
      if (i > 1 && k > 1 && a[i - 1] == b[k - 2] && a[i - 2] == b[k - 1])
        row[k] = std::min(row[k], before[k - 2] + 1);
    }
    std::swap(before, above);
    std::swap(above, row);
  }
  return above[b.size()];
}

std::string print_bound(const Option& option, int64_t bound) {
  if (option.type == duration) return print_duration(bound);
  if (option.type == size) return print_size(static_cast<uint64_t>(bound));
  return std::to_string(bound);
}

}  // namespace

std::string Option::name() const {
  return section.empty() ? std::string(key) : fmt::format("{}.{}", section, key);
}

std::span<const Option> options() { return table_of_options; }

const Option* find_option(std::string_view name) {
  const auto dot = name.find('.');
  const auto section = dot == std::string_view::npos ? std::string_view{} : name.substr(0, dot);
  const auto key = dot == std::string_view::npos ? name : name.substr(dot + 1);
  for (const Option& option : table_of_options)
    if (option.section == section && option.key == key) return &option;
  return nullptr;
}

std::string nearest_option(std::string_view name) {
  std::string nearest;
  constexpr size_t longest = 64;  // no key comes near, and the distance costs the product of the lengths
  if (name.size() > longest) return nearest;
  size_t least = name.size() / 3 + 2;
  for (const Option& option : table_of_options) {
    const size_t steps = distance(ascii_lower(name), option.name());
    if (steps < least) {
      least = steps;
      nearest = option.name();
    }
  }
  return nearest;
}

std::string_view type_words(Type type) {
  switch (type) {
    case text:
      return "a string";
    case number:
      return "a whole number";
    case duration:
      return "a duration such as \"5m\"";
    case size:
      return "a size such as \"50MiB\"";
    case flag:
      return "true or false";
    case list:
      return "a list of strings";
    case table:
      return "a table of strings";
  }
  return "";
}

std::string bounds_words(const Option& option) {
  const Bounds& bounds = option.bounds;
  if (!bounds.form_words.empty()) return std::string(bounds.form_words);
  if (!bounds.choices.empty()) {
    const auto choices = split(bounds.choices, '|');
    std::string words(choices[0]);
    for (size_t i = 1; i < choices.size(); ++i)
      words += fmt::format("{}{}", i + 1 == choices.size() ? " or " : ", ", choices[i]);
    return words;
  }
  if (bounds.most != INT64_MAX)
    return fmt::format("{} to {}", print_bound(option, bounds.least), print_bound(option, bounds.most));
  if (bounds.least > 0) return fmt::format("at least {}", print_bound(option, bounds.least));
  return "";
}

}  // namespace futar::config
