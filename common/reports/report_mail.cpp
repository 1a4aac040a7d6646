#include "common/reports/report_mail.h"

#include "common/base/text.h"
#include "common/message/mime.h"
#include "common/reports/unpack.h"

namespace futar::reports {
namespace {

constexpr size_t max_attachments = 3;  // that may cost time; a report has one

bool is_packed(std::string_view octets) {
  return octets.starts_with("\x1F\x8B") || octets.starts_with("PK\3\4");
}

char first_letter(std::string_view text) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  text = trim(text);
  return text.empty() ? '\0' : text[0];
}

bool may_be_plain(const message::Part& part) {
  return part.type.ends_with("xml") || part.type.ends_with("json") || part.type == "application/octet-stream";
}

Result<Report> read_attachment(std::string_view octets) {
  const std::string text = TRY(unpack(octets));
  if (first_letter(text) == '{') return TRY(parse_tls_report(text));
  return TRY(parse_aggregate(text));
}

}  // namespace

Result<Report> read_report(std::string_view header, std::string_view body) {
  Result<Report> last = fail(Error::permanent("the message holds no report"));
  size_t tried = 0;
  for (const message::Part& part : message::parts_of(header, body)) {
    if (part.type.starts_with("text/") && !part.type.ends_with("xml")) continue;
    const std::string octets = message::decode(part);
    if (!is_packed(octets) && !may_be_plain(part)) continue;
    last = read_attachment(octets);
    if (last || ++tried == max_attachments) break;
  }
  return last;
}

}  // namespace futar::reports
