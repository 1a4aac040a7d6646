#include "common/reports/aggregate.h"

#include <doctest/doctest.h>

using namespace futar;
using dmarc::Policy;
using reports::parse_aggregate;

namespace {

const std::string metadata =
    "<report_metadata><org_name>Reporter Inc.</org_name><email>noreply@reporter.example</email>"
    "<report_id>1234567890</report_id><date_range><begin>1795478400</begin><end>1795564799</end></date_range>"
    "</report_metadata>";
const std::string published =
    "<policy_published><domain>Example.ORG</domain><p>reject</p></policy_published>";
const std::string row = "<record><row><source_ip>192.0.2.1</source_ip><count>2</count></row></record>";

std::string feedback(const std::string& inside) { return "<feedback>" + inside + "</feedback>"; }
std::string why(std::string_view xml) {
  const auto report = parse_aggregate(xml);
  return report ? "a report" : report.error().text;
}

}  // namespace

TEST_CASE("an aggregate report is read whole") {
  const auto report = parse_aggregate(R"(<?xml version="1.0" encoding="UTF-8" ?>
<!-- from a reporter -->
<d:feedback xmlns:d="urn:ietf:params:xml:ns:dmarc-2.0">
  <version>1.0</version>
  )" + metadata + R"(
  <policy_published><domain>example.org</domain><adkim>r</adkim><aspf>s</aspf><p>quarantine</p><sp>none</sp>
    <pct>50</pct><fo>1</fo></policy_published>
  <record>
    <row>
      <source_ip> 2001:db8::1 </source_ip><count>17</count>
      <policy_evaluated><disposition>none</disposition><dkim>pass</dkim><spf>fail</spf>
        <reason><type>forwarded</type><comment>looks &amp; smells so</comment></reason>
        <reason><type>sampled_out</type></reason>
      </policy_evaluated>
    </row>
    <identifiers><envelope_to>reporter.example</envelope_to><envelope_from>lists.example</envelope_from>
      <header_from>example.org</header_from></identifiers>
    <auth_results>
      <dkim><domain>example.org</domain><selector>s1</selector><result>pass</result></dkim>
      <dkim><domain>lists.example</domain><result>fail</result><human_result>bad &lt;body&gt;</human_result></dkim>
      <spf><domain>lists.example</domain><scope>mfrom</scope><result>pass</result></spf>
    </auth_results>
  </record>
  <record><row><source_ip>192.0.2.1</source_ip><count>1</count><policy_evaluated><disposition>reject</disposition>
    <dkim>fail</dkim><spf>fail</spf></policy_evaluated></row></record>
</d:feedback>)");
  REQUIRE(report);
  CHECK(report->organisation == "Reporter Inc.");
  CHECK(report->contact == "noreply@reporter.example");
  CHECK(report->id == "1234567890");
  CHECK(report->begin_s == 1795478400);
  CHECK(report->end_s == 1795564799);
  CHECK(report->domain == "example.org");
  CHECK(report->published.policy == Policy::quarantine);
  CHECK(report->published.subdomain_policy == Policy::none);
  CHECK(report->published.spf == dmarc::Alignment::strict);
  CHECK(report->published.percent == 50);
  REQUIRE(report->rows.size() == 2);
  const auto& first = report->rows[0];
  CHECK(first.source.text() == "2001:db8::1");
  CHECK(first.count == 17);
  CHECK(first.disposition == Policy::none);
  CHECK(first.dkim_aligned);
  CHECK_FALSE(first.spf_aligned);
  CHECK(first.reasons == std::vector<std::string>{"forwarded: looks & smells so", "sampled_out"});
  CHECK(first.header_from == "example.org");
  CHECK(first.envelope_from == "lists.example");
  CHECK(first.envelope_to == "reporter.example");
  using Checked = reports::Aggregate::Checked;
  CHECK(first.dkim == std::vector<Checked>{{"example.org", "pass", "s1"}, {"lists.example", "fail", ""}});
  CHECK(first.spf == std::vector<Checked>{{"lists.example", "pass", "mfrom"}});
  CHECK(report->rows[1].disposition == Policy::reject);
  CHECK(report->rows[1].dkim.empty());
}

TEST_CASE("a report that leaves out or garbles what may be absent is taken") {
  const auto report = parse_aggregate(
      feedback(metadata +
               "<policy_published><domain>Example.ORG.</domain><p>?</p><sp/><pct>x</pct></policy_published>"
               "<extension><record><row><count>x</count></row></record></extension>" +
               row));
  REQUIRE(report);
  CHECK(report->domain == "example.org");
  CHECK(report->published == dmarc::Record{});
  CHECK(report->rows.size() == 1);
  CHECK(parse_aggregate(feedback(metadata + published))->rows.empty());
}

TEST_CASE("a report without what it is about is none") {
  CHECK(why(feedback(published)) == "no DMARC report: it does not say who reports, or its id");
  CHECK(why(feedback(metadata)) == "no DMARC report: it names no domain");
  CHECK(why(feedback(metadata + "<policy_published><domain>a b</domain></policy_published>")) ==
        "no DMARC report: it names no domain");
  std::string late = metadata;
  late.replace(late.find("1795478400"), 10, "1999999999");
  CHECK(why(feedback(late + published)) == "no DMARC report: it covers no time");
  CHECK(why("<html/>") == "no DMARC report: its first element is not <feedback>");
  CHECK(why("") == "no XML that is taken: line 1: no element found");
  for (const char* bad :
       {"<count>2</count>", "<source_ip>192.0.2.1</source_ip>", "<source_ip>x</source_ip><count>2</count>",
        "<source_ip>192.0.2.1</source_ip><count>-1</count>",
        "<source_ip>192.0.2.1</source_ip><count>9999999999999999</count>"})
    CHECK(why(feedback(metadata + published + row + "<record><row>" + bad + "</row></record>")) ==
          "no DMARC report: row 2 lacks its source or count");
}

TEST_CASE("XML that could hurt is not read: entities, depth, size, and half a file") {
  const std::string body = feedback(metadata + published);
  CHECK(why("<!DOCTYPE feedback [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;\">]>" + body) ==
        "no XML that is taken: it has a DOCTYPE");
  CHECK(why("<!DOCTYPE feedback SYSTEM \"file:///etc/passwd\">" + body) ==
        "no XML that is taken: it has a DOCTYPE");
  CHECK(why(body.substr(0, body.size() - 3)).starts_with("no XML that is taken: line 1: "));
  CHECK(why(body + "<feedback/>").starts_with("no XML that is taken: "));
  CHECK(why(feedback("&xxe;")) == "no XML that is taken: line 1: undefined entity");
  std::string deep;
  for (int i = 0; i < 100'000; ++i) deep += "<a>";
  CHECK(why(deep) == "no XML that is taken: too many elements inside each other");
  std::string rows;
  for (size_t i = 0; i <= reports::max_rows; ++i) rows += row;
  CHECK(why(feedback(metadata + published + rows)) == "no DMARC report: more than 50000 rows");
}

TEST_CASE("what a reporter wrote is safe to show and bounded") {
  std::string hostile = metadata;
  hostile.replace(hostile.find("Reporter Inc."), 13, "a&#10;b&#27;" + std::string(1 << 20, 'x') + "<i/>tail");
  CHECK(why(feedback(hostile + published)).starts_with("no XML"));  // ESC is no character of XML
  hostile.replace(hostile.find("&#27;"), 5, "&#x9b;");
  const auto report = parse_aggregate(feedback(hostile + published));
  REQUIRE(report);
  CHECK(report->organisation.starts_with("a?b"));
  CHECK(report->organisation.size() < 260);
  std::string many = "<record><row><source_ip>192.0.2.1</source_ip><count>2</count></row><auth_results>";
  for (int i = 0; i < 1000; ++i) many += "<dkim/>";
  CHECK(parse_aggregate(feedback(metadata + published + many + "</auth_results></record>"))
            ->rows[0]
            .dkim.size() == 100);
}
