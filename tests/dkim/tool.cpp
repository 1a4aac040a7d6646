// What dkimpy talks to: signs and verifies messages from stdin. A message is a line with its size, then
// itself.
//   dkim_tool keys FOLDER     makes two keys there, prints "SELECTOR RECORD" for each
//   dkim_tool sign FOLDER     messages in, signed messages out, for example.org
//   dkim_tool verify RECORDS  messages in, "RESULT SELECTOR ALGORITHM REASON" for each signature out;
//                             RECORDS is a file of "NAME RECORD" lines
//   dkim_tool seal FOLDER     messages in, messages with one more ARC set out; cv= is what we find
//   dkim_tool chain RECORDS   messages in, "RESULT NUMBER REASON" of the ARC chain out
#include <fmt/format.h>

#include <fstream>
#include <iostream>

#include "common/arc/sealer.h"
#include "common/arc/verifier.h"
#include "common/base/clock.h"
#include "common/dkim/signer.h"
#include "common/dkim/verifier.h"
#include "tests/common/dkim/signed_mail.h"

using namespace futar;
using namespace futar::dkim;

namespace {

std::pair<std::string, std::string> split_message(const std::string& message) {
  if (message.starts_with("\r\n")) return {"", message.substr(2)};
  const size_t end = message.find("\r\n\r\n");
  if (end == std::string::npos) return {message, ""};
  return {message.substr(0, end + 2), message.substr(end + 4)};
}

void answer(const std::string& text) {
  std::cout << text.size() << "\n" << text;
  std::cout.flush();
}

template <class F>
void each_message(F f) {
  for (std::string line; std::getline(std::cin, line);) {
    std::string message(std::stoul(line), '\0');
    std::cin.read(message.data(), static_cast<std::streamsize>(message.size()));
    const auto [header, body] = split_message(message);
    answer(f(message, header, body));
  }
}

int keys(const std::string& folder) {
  for (const auto type : {crypto::KeyType::rsa, crypto::KeyType::ed25519}) {
    const std::string selector(name(type));
    const auto key = make_key_file(folder + "/" + selector + ".pem", type);
    if (!key) return 1;
    std::cout << selector << " " << key_record(key->public_key()) << "\n";
  }
  return 0;
}

int sign(const std::string& folder) {
  const auto rsa = read_key_file(folder + "/rsa.pem"), ed = read_key_file(folder + "/ed25519.pem");
  if (!rsa || !ed) return 1;
  const Signer signer("example.org", {{"rsa", *rsa}, {"ed25519", *ed}});
  each_message([&](const std::string& message, const std::string& header, const std::string& body) {
    Signing signing = signer.begin(header, system_clock().wall_ms());
    for (size_t at = 0; at < body.size(); at += 1000) signing.body(std::string_view(body).substr(at, 1000));
    return signing.finish() + message;
  });
  return 0;
}

using Records = std::map<std::string, std::string>;

Records read_records(const std::string& path) {
  Records records;
  std::ifstream file(path);
  for (std::string key_name, record; file >> key_name && std::getline(file >> std::ws, record);)
    records[key_name] = record;
  return records;
}

template <class V>
auto judge(const Records& records, const std::string& header, const std::string& body) {
  V verifier(header, system_clock().wall_ms());
  for (const std::string& key_name : verifier.wanted_keys())
    if (records.contains(key_name)) verifier.give_key(key_name, txt({records.at(key_name)}));
  for (size_t at = 0; at < body.size(); at += 777) verifier.body(std::string_view(body).substr(at, 777));
  return verifier.finish();
}

int verify(const std::string& path) {
  const Records records = read_records(path);
  each_message([&](const std::string&, const std::string& header, const std::string& body) {
    std::string lines;
    for (const Verdict& verdict : judge<Verifier>(records, header, body))
      lines += fmt::format("{} {} {} {}\n", name(verdict.result), verdict.selector, verdict.algorithm,
                           verdict.reason);
    return lines;
  });
  return 0;
}

int chain(const std::string& path) {
  const Records records = read_records(path);
  each_message([&](const std::string&, const std::string& header, const std::string& body) {
    const auto verdict = judge<arc::Verifier>(records, header, body);
    return fmt::format("{} {} {}\n", arc::name(verdict.result), verdict.seals.size(), verdict.reason);
  });
  return 0;
}

// FOLDER/zone has the keys of the sets that are there.
int seal(const std::string& folder) {
  const auto rsa = read_key_file(folder + "/rsa.pem");
  if (!rsa) return 1;
  const arc::ChainSealer sealer("example.org", {"rsa", *rsa});
  const Records records = read_records(folder + "/zone");
  each_message([&](const std::string& message, const std::string& header, const std::string& body) {
    const auto found = judge<arc::Verifier>(records, header, body).result;
    auto sealing = sealer.begin(header, {"mail.example.org; spf=none", found}, system_clock().wall_ms());
    for (size_t at = 0; at < body.size(); at += 1000) sealing.body(std::string_view(body).substr(at, 1000));
    return sealing.finish() + message;
  });
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string verb = argc == 3 ? argv[1] : "";
  if (verb == "keys") return keys(argv[2]);
  if (verb == "sign") return sign(argv[2]);
  if (verb == "verify") return verify(argv[2]);
  if (verb == "seal") return seal(argv[2]);
  if (verb == "chain") return chain(argv[2]);
  std::cerr << "dkim_tool keys|sign|verify|seal|chain PATH\n";
  return 64;
}
