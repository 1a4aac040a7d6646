// DKIM: fields and keys from anybody are judged without harm, nothing of them speaks in our voice; and
// whatever header and body we sign, libopendkim and we find the signature good. The input is a message; its
// first line is a key record.
#include <algorithm>
#include <cstdlib>

#include "common/base/text.h"
#include "common/dkim/opendkim.h"
#include "common/dkim/signer.h"
#include "tests/common/dkim/signed_mail.h"

using namespace futar;
using namespace futar::dkim;

namespace {

bool is_plain(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c >= ' ' && c < 0x7F; });
}

// libopendkim takes vertical tabs and form feeds for white space.
bool is_common(std::string_view text) {
  return std::ranges::all_of(text,
                             [](char c) { return c >= ' ' || c < 0 || c == '\t' || c == '\r' || c == '\n'; });
}

std::vector<Verdict> judge(std::string_view header, std::string_view body, std::string_view record) {
  Verifier verifier(std::string(header), now_ms, {.min_rsa_bits = 512});
  for (const std::string& name : verifier.wanted_keys()) {
    if (name.size() > 253 || !is_domain(name)) std::abort();
    verifier.give_key(name, txt({std::string(record)}));
  }
  for (size_t at = 0; at < body.size(); at += 5) verifier.body(body.substr(at, 5));
  auto verdicts = verifier.finish();
  if (verdicts.size() > 10) std::abort();
  for (const Verdict& verdict : verdicts)
    for (const std::string& text : {verdict.reason, verdict.domain, verdict.selector, verdict.algorithm,
                                    verdict.identity, verdict.start})
      if (!is_plain(text) || text.size() > 70'000) std::abort();
  return verdicts;
}

void check_tampering(const std::string& header, const std::string& body, const std::string& record) {
  const auto passes = [&](const std::string& h, const std::string& b) {
    return judge(h, b, record)[0].result == Outcome::pass;
  };
  if (passes(header, "x" + body) || passes("Subject: new\r\n" + header, body)) std::abort();
}

void check_signing(std::string_view fields, std::string_view body) {
  if (is_space(fields[0]))
    return;  // goes on with the field before it: Received stands on top of what we sign
  const Signer signer("example.org", {{"s1", ed_key()}});
  Signing signing = signer.begin(fields, now_ms);
  for (size_t at = 0; at < body.size(); at += 3) signing.body(body.substr(at, 3));
  const std::string header = signing.finish() + std::string(fields);
  const std::string record = key_record(ed_key().public_key());
  const auto all = message::split_header(header);
  const auto [signature, error] = parse_signature(all[0].value);
  if (!error.empty() && signature.names.size() == 0) return;  // too many fields for one h=
  const bool opendkim = opendkim_proves(all, all[0], signature, ed_key().public_key());
  HeaderHash hash(Canon::relaxed);
  hash.add(select_fields(all, signature.names, all.data()));
  if (!ed_key().public_key().proves(hash.finish(all[0].text), signature.signature)) std::abort();
  if (message::count(all, "From") != 1 || all.size() > 2000 || fields.find('\0') != std::string_view::npos)
    return;
  if (!opendkim && is_common(fields)) std::abort();
  if (judge(header, body, record)[0].result != Outcome::pass) std::abort();
  check_tampering(header, std::string(body), record);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const size_t line = std::min(input.find("\r\n"), input.size());
  const std::string_view record = input.substr(0, line);
  const std::string_view text = input.substr(std::min(line + 2, input.size()));
  const size_t end = text.find("\r\n\r\n");
  const std::string_view header = text.substr(0, end == std::string_view::npos ? end : end + 2);
  const std::string_view body = end == std::string_view::npos ? "" : text.substr(end + 4);
  static_cast<void>(parse_key_record(record));
  judge(header, body, record);
  if (header.ends_with("\r\n")) check_signing(header, body);
  return 0;
}
