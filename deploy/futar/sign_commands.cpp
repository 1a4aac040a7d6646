// sign dkim|arc FILE --domain D --selector S --key FILE [--fields-only]
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "common/arc/sealer.h"
#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/dkim/key_record.h"
#include "common/dkim/signature.h"
#include "common/dkim/signer.h"
#include "common/message/authentication_results.h"
#include "deploy/futar/judge_options.h"

namespace futar::deploy {
namespace {

struct SignWords {
  JudgeOptions options;
  std::string file, domain, selector, key, authserv_id, headers;
  std::optional<int64_t> time_s;
  bool fields_only = false;

  int64_t now_ms() const { return time_s ? *time_s * 1000 : system_clock().wall_ms(); }
};

dkim::SigningKey key_of(const SignWords& words) {
  for (const auto& [option, value] :
       {std::pair("--domain", &words.domain), std::pair("--selector", &words.selector)})
    if (!dkim::is_domain(*value))
      throw Stop{exit_code::usage,
                 fmt::format("{}: \"{}\" is no name of the DNS", option, printable(*value, 100))};
  auto key = need(dkim::read_key_file(words.key), exit_code::usage);
  if (key.type() == crypto::KeyType::rsa && key.bits() < words.options.min_rsa_bits())
    throw Stop{exit_code::usage, fmt::format("{}: an RSA key of {} bits proves nothing to others (RFC 8301); "
                                             "--allow-weak-keys signs all the same",
                                             words.key, key.bits())};
  return {words.selector, std::move(key)};
}

Message message_of(const SignWords& words) {
  Message message = read_message(words.file);
  if (message::count(message::split_header(message.header), "From") == 0)
    throw Stop{exit_code::no, "the message has no From, which every signature covers (RFC 6376 §5.4)"};
  return message;
}

int put_out(Program& program, const SignWords& words, const Message& message, const std::string& fields) {
  if (program.json) {
    program.print_json({{"fields", fields}});
    return exit_code::done;
  }
  program.print(in_line_ends_of(message, fields));
  if (!words.fields_only) program.print(in_line_ends_of(message, message.header));
  program.print(message.crlf ? "\r\n" : "\n");
  if (!words.fields_only) program.print(in_line_ends_of(message, message.body));
  return exit_code::done;
}

int sign_dkim(Program& program, const SignWords& words) {
  std::vector<dkim::SigningKey> keys;
  keys.push_back(key_of(words));
  const dkim::Signer signer(ascii_lower(words.domain), std::move(keys));
  const Message message = message_of(words);
  dkim::Signing signing = signer.begin(message.header, words.now_ms());
  signing.body(message.body);
  return put_out(program, words, message, signing.finish());
}

// RFC 8617 §4.1.2: From has to be among them, and a seal cannot be.
std::vector<std::string> names_of(const SignWords& words) {
  std::vector<std::string> names;
  if (words.headers.empty()) return names;
  bool from = false;
  for (const std::string_view part : split(words.headers, ':')) {
    const std::string name(trim(part));
    if (name.empty() || std::ranges::any_of(name, [](char c) { return c <= ' ' || c > '~' || c == ';'; }))
      throw Stop{exit_code::usage, "--headers: names of fields with colons between, such as from:to:subject"};
    if (equal_nocase(name, "ARC-Seal")) throw Stop{exit_code::usage, "--headers: ARC-Seal cannot be signed"};
    from = from || equal_nocase(name, "From");
    names.push_back(name);
  }
  if (!from) throw Stop{exit_code::usage, "--headers: From has to be among them"};
  return names;
}

int sign_arc(Program& program, const SignWords& words) {
  const auto names = names_of(words);
  const arc::ChainSealer sealer(words.domain, key_of(words));
  const Message message = message_of(words);
  const arc::Verdict chain = judge_chain(program, words.options, message);
  if (chain.temporary)
    throw Stop{exit_code::later, "not sealed, as nobody knows what the chain is: " + chain.reason};
  const std::string said = message::results_of(message::split_header(message.header), words.authserv_id);
  const arc::Ingress ingress{fmt::format("{};\r\n\t{}", words.authserv_id, said.empty() ? "none" : said),
                             chain.result};
  arc::Sealing sealing = sealer.begin(message.header, ingress, words.now_ms(), names);
  sealing.body(message.body);
  const std::string fields = sealing.finish();
  if (fields.empty())
    program.warn("not sealed: the chain has failed before or has 50 sets, and takes no more (RFC 8617 §5.1)");
  return put_out(program, words, message, fields);
}

bool is_authserv_id(const std::string& text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return c > ' ' && c < 0x7F && !std::string_view("()<>,;:\\\"/[]?=").contains(c);
  });
}

}  // namespace

void add_sign_commands(CLI::App& app, Program& program) {
  const auto words = std::make_shared<SignWords>();
  CLI::App* sign = app.add_subcommand("sign", "Sign a message with a key of your own");
  sign->require_subcommand(1);
  const auto add = [&](const char* name, const char* what, int (*action)(Program&, const SignWords&)) {
    CLI::App* sub = sign->add_subcommand(name, what);
    sub->add_option("file", words->file,
                    "A message with LF or CRLF (a bare LF counts as CRLF); \"-\" is stdin")
        ->required();
    sub->add_option("--domain", words->domain, "d=")->required();
    sub->add_option("--selector", words->selector, "s=")->required();
    sub->add_option("--key", words->key, "The private key: RSA or Ed25519, PEM")->required();
    sub->add_option("--time", words->time_s, "t=, seconds since 1970; now");
    sub->add_flag("--fields-only", words->fields_only, "Only the new fields, then an empty line");
    words->options.add_to(*sub);
    command(sub, program, [&program, words, action] { return action(program, *words); });
    return sub;
  };
  add("dkim", "The message with a DKIM-Signature on top (RFC 6376), in the line ends of FILE", sign_dkim);
  CLI::App* arc = add("arc",
                      "The message with one more ARC set on top (RFC 8617) over what its own "
                      "Authentication-Results say; unchanged when its chain takes no more",
                      sign_arc);
  arc->add_option("--authserv-id", words->authserv_id, "Whose Authentication-Results are sealed")
      ->required()
      ->check([](const std::string& text) {
        return is_authserv_id(text) ? std::string() : std::string("an authserv-id is one word");
      });
  arc->add_option("--headers", words->headers, "h= of ARC-Message-Signature: names with colons between");
}

}  // namespace futar::deploy
