#include "common/verdict/authentication_results.h"

#include <algorithm>

#include "common/message/authentication_results.h"

namespace futar::verdict {
namespace {

constexpr size_t longest_value = 255, line_width = 78;

bool is_alnum(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }
// RFC 2045 §5.1: a token, for which no tspecial may stand.
bool is_token(std::string_view text) {
  return std::ranges::all_of(
      text, [](char c) { return is_alnum(c) || std::string_view("!#$%&'*+-._^`{|}~").contains(c); });
}

// RFC 8601 §2.2, pvalue: a token, an address or "@domain"; anything else as a quoted string.
std::string pvalue(std::string_view text) {
  const auto at = text.find('@');
  const bool plain = at == std::string_view::npos ? !text.empty() && is_token(text)
                                                  : is_token(text.substr(0, at)) && at + 1 < text.size() &&
                                                        is_token(text.substr(at + 1));
  if (plain && text.size() <= longest_value) return std::string(text);
  std::string quoted = "\"";
  for (const char c : text.substr(0, longest_value)) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c < ' ' || c > '~' ? '?' : c;
  }
  return quoted + '"';
}

/// Words of one field, folded before the one that would not fit.
class Writer {
 public:
  explicit Writer(std::string_view authserv_id) : text_(pvalue(authserv_id)) { width_ = 24 + text_.size(); }

  // A method's result begins on a line of its own.
  void result(std::string_view method, std::string_view outcome) {
    text_ += ";\r\n\t";
    width_ = 8;
    put(std::string(method) + "=" + std::string(outcome));
  }
  // Nothing for an empty value: no property is said to be "".
  void property(std::string_view property, std::string_view value) {
    if (value.empty()) return;
    const std::string word = std::string(property) + "=" + pvalue(value);
    const bool fits = width_ + 1 + word.size() < line_width;
    text_ += fits ? " " : "\r\n\t";
    width_ = fits ? width_ + 1 : 8;
    put(word);
  }
  std::string take() && { return std::move(text_); }

 private:
  void put(const std::string& word) {
    text_ += word;
    width_ += word.size();
  }
  std::string text_;
  size_t width_ = 0;
};

// §2.7.2. The HELO stands in for a null reverse-path (RFC 7208 §2.4): one result then says it all.
void write_spf(Writer& writer, const Verdict& verdict) {
  const bool null = verdict.sender.is_null();
  for (const auto& spf : {verdict.helo, verdict.mail_from}) {
    if (!spf) continue;
    const bool by_helo = null || spf->identity == spf::Identity::helo;
    if (null && spf->identity == spf::Identity::mail_from && verdict.helo) continue;
    writer.result("spf", name(spf->outcome));
    if (spf->outcome != spf::Outcome::pass) writer.property("reason", spf->reason);
    if (by_helo)
      writer.property("smtp.helo", spf->domain);
    else
      writer.property("smtp.mailfrom", verdict.sender.text());
  }
}

// §2.7.1, RFC 6008 for header.b.
void write_dkim(Writer& writer, const Verdict& verdict) {
  if (!verdict.dkim) return;
  if (verdict.dkim->empty()) writer.result("dkim", "none");
  for (const dkim::Verdict& signature : *verdict.dkim) {
    writer.result("dkim", name(signature.result));
    if (signature.result != dkim::Outcome::pass) writer.property("reason", signature.reason);
    writer.property("header.d", signature.domain);
    writer.property("header.i", signature.identity);
    writer.property("header.s", signature.selector);
    writer.property("header.a", signature.algorithm);
    writer.property("header.b", signature.start);
  }
}

// RFC 7489 §11.1: policy.dmarc is what applies after sp and pct.
void write_dmarc(Writer& writer, const Verdict& verdict) {
  if (!verdict.dmarc) return;
  writer.result("dmarc", name(verdict.dmarc->outcome));
  if (verdict.dmarc->outcome != dmarc::Outcome::pass) writer.property("reason", verdict.dmarc->reason);
  writer.property("header.from", verdict.dmarc->from);
  if (verdict.dmarc->outcome == dmarc::Outcome::fail)
    writer.property("policy.dmarc", dmarc::name(verdict.dmarc->applies));
}

}  // namespace

std::string results_text(std::string_view authserv_id, const Verdict& verdict) {
  Writer writer(authserv_id);
  const std::string client = verdict.client.text();
  if (verdict.iprev) {
    writer.result("iprev", verdict.iprev->confirmed ? "pass" : "fail");
    writer.property("policy.iprev", client);
  }
  write_spf(writer, verdict);
  write_dkim(writer, verdict);
  write_dmarc(writer, verdict);
  if (verdict.arc) {
    writer.result("arc", name(verdict.arc->result));
    if (verdict.arc->result != arc::Outcome::none) writer.property("reason", verdict.arc->reason);
    writer.property("smtp.remote-ip", client);
  }
  std::string text = std::move(writer).take();
  if (!text.contains(';')) text += "; none";  // §2.2, no-result
  return text;
}

size_t stamp(std::string& header, std::string_view authserv_id, const Verdict& verdict) {
  const size_t forged = message::remove_authentication_results(header, authserv_id);
  if (header.starts_with(' ') || header.starts_with('\t')) header.insert(0, "X-Unnamed:");
  header.insert(0, "Authentication-Results: " + results_text(authserv_id, verdict) + "\r\n");
  return forged;
}

}  // namespace futar::verdict
