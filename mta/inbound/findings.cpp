#include "mta/inbound/findings.h"

#include <algorithm>

#include "common/base/text.h"

namespace futar::mta {
namespace {

using event::Event;
using event::Field;
using event::Kind;

Event about_spf(const spf::Verdict& spf, const verdict::Verdict& verdict, int64_t wall_ms) {
  Event event(wall_ms, Kind::spf);
  event.with(Field::what, std::string(name(spf.outcome)))
      .with(Field::name, spf.domain)
      .with(Field::client, verdict.client.text())
      .with(Field::cause, spf.reason);
  if (spf.identity == spf::Identity::helo) event.with(Field::helo, spf.domain);
  return event;
}

Event about_dkim(std::string what, std::string domain, std::string cause, int64_t wall_ms) {
  Event event(wall_ms, Kind::dkim);
  return event.with(Field::what, std::move(what))
      .with(Field::name, std::move(domain))
      .with(Field::cause, std::move(cause));
}

Event about_forwarder(const verdict::Verdict& verdict, int64_t wall_ms) {
  Event event(wall_ms, Kind::forwarded);
  event.with(Field::client, verdict.forwarder);
  if (!verdict.untraced.empty())
    return event.with(Field::cause, "its Received field does not say from where");
  return event.with(Field::from, verdict.client.text())
      .with(Field::name, verdict.iprev ? verdict.iprev->name : "");
}

Event about_arc(const verdict::Verdict& verdict, std::span<const std::string> trusted, int64_t wall_ms) {
  const arc::Verdict& chain = *verdict.arc;
  Event event(wall_ms, Kind::arc);
  event.with(Field::what, std::string(name(chain.result)));
  const std::string newest = chain.seals.empty() ? "" : chain.seals.back().domain;
  event.with(Field::name, newest);
  if (chain.result != arc::Outcome::pass) return event.with(Field::cause, chain.reason);
  const auto is_newest = [&](const std::string& domain) { return equal_nocase(domain, newest); };
  const bool is_trusted = std::ranges::any_of(trusted, is_newest);
  event.with(Field::rule, is_trusted ? "trusted" : "not in mta.arc_trusted");
  if (verdict.is_vouched())
    return event.with(Field::cause,
                      fmt::format("{} found DMARC pass", verdict.voucher == newest ? "it" : verdict.voucher));
  return event.with(Field::cause, is_trusted ? "it did not find From proven" : "");
}

}  // namespace

std::vector<Event> findings(const verdict::Verdict& verdict, const verdict::Decision& decision,
                            std::span<const std::string> trusted, int64_t wall_ms) {
  std::vector<Event> events;
  if (!verdict.forwarder.empty())
    events.push_back(about_forwarder(verdict, wall_ms));
  else if (verdict.iprev)
    events.push_back(Event(wall_ms, Kind::connected)
                         .with(Field::client, verdict.client.text())
                         .with(Field::name, verdict.iprev->name));
  if (verdict.hello && !verdict.hello->oddity.empty())
    events.push_back(Event(wall_ms, Kind::helo)
                         .with(Field::helo, verdict.hello->name)
                         .with(Field::cause, verdict.hello->oddity));
  for (const auto& spf : {verdict.mail_from, verdict.helo})
    if (spf) events.push_back(about_spf(*spf, verdict, wall_ms));
  const std::vector<dkim::Verdict> none;
  const auto& signatures = verdict.dkim ? *verdict.dkim : none;
  if (signatures.empty())
    events.push_back(about_dkim("none", "", "the message carries no signature", wall_ms));
  for (const dkim::Verdict& signature : signatures)
    events.push_back(
        about_dkim(std::string(name(signature.result)), signature.domain, signature.reason, wall_ms));
  if (verdict.arc && verdict.arc->result != arc::Outcome::none)
    events.push_back(about_arc(verdict, trusted, wall_ms));
  Event dmarc(wall_ms, Kind::dmarc);
  if (verdict.dmarc)
    dmarc.with(Field::what, std::string(name(verdict.dmarc->outcome))).with(Field::from, verdict.dmarc->from);
  dmarc.with(Field::cause, decision.reason);
  if (decision.action == verdict::Action::junk) dmarc.with(Field::rule, "it goes into Junk");
  events.push_back(std::move(dmarc));
  return events;
}

std::vector<Event> not_judged(const std::string& why, int64_t wall_ms) {
  std::vector<Event> events;
  events.push_back(Event(wall_ms, Kind::not_judged).with(Field::cause, why));
  return events;
}

}  // namespace futar::mta
