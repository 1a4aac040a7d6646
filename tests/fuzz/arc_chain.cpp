// ARC: sets from anybody are judged without harm, nothing of them speaks in our voice; what we seal is a good
// chain when it was one before, and a failed one is sealed once. The input is a message; its first line is a
// key record.
#include <algorithm>
#include <cstdlib>

#include "common/arc/sealer.h"
#include "common/arc/verifier.h"
#include "tests/common/dkim/signed_mail.h"

using namespace futar;
using namespace futar::arc;
using dkim::ed_key;
using dkim::now_ms;
using dkim::txt;

namespace {

constexpr std::string_view own_name = "s1._domainkey.sealer.example";

bool is_plain(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c >= ' ' && c < 0x7F; });
}

Verdict judge(const std::string& header, std::string_view body, std::string_view record) {
  Verifier verifier(header, now_ms, 512);
  for (const std::string& name : verifier.wanted_keys()) {
    if (name.size() > 253 || !dkim::is_domain(name)) std::abort();
    verifier.give_key(
        name, txt({name == own_name ? dkim::key_record(ed_key().public_key()) : std::string(record)}));
  }
  for (size_t at = 0; at < body.size(); at += 5) verifier.body(body.substr(at, 5));
  Verdict verdict = verifier.finish();
  if (!is_plain(verdict.reason) || verdict.seals.size() > most_sets) std::abort();
  for (const Sealer& sealer : verdict.seals)
    if (!is_plain(sealer.domain) || !is_plain(sealer.selector)) std::abort();
  return verdict;
}

std::string seal(const std::string& header, std::string_view body, Outcome outcome) {
  static const ChainSealer sealer("sealer.example", {"s1", ed_key()});
  Sealing sealing = sealer.begin(header, {"mail.sealer.example; none", outcome}, now_ms);
  for (size_t at = 0; at < body.size(); at += 3) sealing.body(body.substr(at, 3));
  return sealing.finish();
}

void check_sealing(const std::string& header, std::string_view body, std::string_view record) {
  const Verdict before = judge(header, body, record);
  const auto fields = message::split_header(header);
  const std::string set = seal(header, body, before.result);
  const Chain chain = read_chain(fields);
  if (set.empty() && !chain.ended && chain.sets.size() < most_sets) std::abort();
  if (set.empty()) return;
  const Verdict after = judge(set + header, body, record);
  if (before.result == Outcome::fail &&
      (after.result != Outcome::fail || !seal(set + header, body, after.result).empty()))
    std::abort();
  const bool whole = !dkim::flaw_of(header, fields) && fields.size() < 200;
  if (before.result != Outcome::fail && whole && after.result != Outcome::pass) std::abort();
  if (after.result == Outcome::pass &&
      judge(set + header, std::string("x") + std::string(body), record).result == Outcome::pass)
    std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const size_t line = std::min(input.find("\r\n"), input.size());
  const std::string_view record = input.substr(0, line);
  const std::string_view text = input.substr(std::min(line + 2, input.size()));
  const size_t end = text.find("\r\n\r\n");
  const std::string header(text.substr(0, end == std::string_view::npos ? end : end + 2));
  const std::string_view body = end == std::string_view::npos ? "" : text.substr(end + 4);
  judge(header, body, record);
  // A first line that goes on with the field before it would be one of ours.
  if (header.ends_with("\r\n") && !dkim::is_space(header[0])) check_sealing(header, body, record);
  return 0;
}
