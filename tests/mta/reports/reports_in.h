// Reports as others mail them.
#pragma once
#include <fmt/format.h>

#include <string>

#include "common/base/text.h"
#include "tests/common/reports/packing.h"

namespace futar {

inline std::string dmarc_xml(const std::string& domain, const std::string& id = "1",
                             const std::string& rows = "") {
  return "<feedback><report_metadata><org_name>google.example</org_name><report_id>" + id +
         "</report_id><date_range><begin>1795392000</begin><end>1795478399</end></date_range>"
         "</report_metadata><policy_published><domain>" +
         domain + "</domain><p>reject</p></policy_published>" + rows + "</feedback>";
}
/// `dkim`: "pass" or "fail", aligned.
inline std::string dmarc_row(const std::string& source, int count, const std::string& dkim) {
  return fmt::format(
      "<record><row><source_ip>{}</source_ip><count>{}</count><policy_evaluated><disposition>{}"
      "</disposition><dkim>{}</dkim><spf>fail</spf></policy_evaluated></row><identifiers><header_from>"
      "futar.test</header_from></identifiers><auth_results><spf><domain>mailer.example</domain><result>pass"
      "</result></spf></auth_results></record>",
      source, count, dkim == "pass" ? "none" : "reject", dkim);
}

/// Policies of a TLS report, {"policy": ...} each.
inline std::string tls_json(const std::string& policies) {
  return R"({"organization-name": "Somebody", "report-id": "t1", "date-range": {"start-datetime":)"
         R"( "2026-11-23T00:00:00Z", "end-datetime": "2026-11-23T23:59:59Z"}, "policies": [)" +
         policies + "]}";
}
inline std::string tls_policy(const std::string& domain) {
  return fmt::format(
      R"({{"policy": {{"policy-type": "sts", "policy-domain": "{}"}}, "summary": )"
      R"({{"total-successful-session-count": 40, "total-failure-session-count": 3}}, "failure-details": )"
      R"([{{"result-type": "certificate-expired", "sending-mta-ip": "192.0.2.9", "receiving-mx-hostname": )"
      R"("mx.futar.test", "failed-session-count": 3, "failure-reason-code": "old"}}]}})",
      domain);
}

inline std::string in_base64(std::string_view octets) {
  const std::string encoded = base64_encode(octets);
  std::string lines;
  for (size_t at = 0; at < encoded.size(); at += 76) lines += encoded.substr(at, 76) + "\r\n";
  return lines;
}
inline std::string report_header(const std::string& type, const std::string& subject = "x") {
  return "Subject: " + subject + "\r\nContent-Type: " + type +
         "\r\nContent-Transfer-Encoding: base64\r\n\r\n";
}

}  // namespace futar
