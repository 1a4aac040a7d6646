#include "common/event/log_line.h"

#include "common/base/text.h"

namespace futar::event {
namespace {

std::string value(const Event& event, Field field, std::string_view absent = "") {
  const std::string_view text = event.get(field);
  return printable(text.empty() ? absent : text);
}

/// <text>, where the text cannot close the bracket and go on with words of its own.
std::string in_angles(const Event& event, Field field) {
  std::string text = value(event, field);
  std::replace_if(text.begin(), text.end(), [](char c) { return c == '<' || c == '>'; }, '?');
  return "<" + text + ">";
}

/// "name[address]"; a client without a confirmed name is "unknown".
std::string client(const Event& event) {
  return fmt::format("{}[{}]", value(event, Field::name, "unknown"), value(event, Field::client, "local"));
}

std::string optional(const Event& event, Field field, std::string_view key) {
  return event.get(field).empty() ? "" : fmt::format(", {}={}", key, value(event, field));
}

/// An enhanced status code (RFC 3463): class "." subject "." detail.
bool is_enhanced(std::string_view word) {
  const auto parts = split(word, '.');
  if (parts.size() != 3) return false;
  for (std::string_view part : parts)
    if (part.size() > 3 || !parse_number(part)) return false;
  return word.front() == '2' || word.front() == '4' || word.front() == '5';
}

/// The status code of a delivery line: the event's own, that of the peer's reply ("550 5.1.1 no such user"),
/// or the most general one of the class.
std::string dsn(const Event& event, char status_class) {
  const std::string_view own = event.get(Field::code);
  if (is_enhanced(own)) return std::string(own);
  const std::string_view reply = event.get(Field::reply);
  if (reply.size() > 4) {
    const std::string_view word = reply.substr(4, reply.find(' ', 4) - 4);
    if (is_enhanced(word) && word.front() == status_class) return std::string(word);
  }
  return std::string{status_class} + ".0.0";
}

std::string delay(const MessageId& id, const Event& event) {
  const int64_t ms = id.is_none() ? 0 : std::max<int64_t>(event.wall_ms - id.wall_ms(), 0);
  return fmt::format("{}.{:02}", ms / 1000, ms % 1000 / 10);
}

struct Delivery {
  std::string_view relay;  ///< when the event names no host
  char status_class;
  std::string_view status;
  std::string why;
};

std::string why(const Event& event, std::string_view otherwise) {
  const std::string cause = value(event, Field::cause), reply = value(event, Field::reply);
  if (!cause.empty() && !reply.empty()) return fmt::format("{}: {}", cause, reply);
  if (cause.empty() && reply.empty()) return std::string(otherwise);
  return cause.empty() ? reply : cause;
}

std::optional<Delivery> delivery(const Event& event) {
  switch (event.kind) {
    case Kind::delivered:
      return Delivery{"local", '2', "sent", "delivered to " + value(event, Field::folder, "mailbox")};
    case Kind::relayed:
      return Delivery{"none", '2', "sent", why(event, "accepted")};
    case Kind::expanded:
      return Delivery{"local", '2', "expanded", value(event, Field::targets)};
    case Kind::duplicate:
      return Delivery{"local", '2', "duplicate",
                      "duplicate of " + value(event, Field::of, "another recipient")};
    case Kind::discarded:
      return Delivery{"none", '2', "discarded", value(event, Field::rule, "by rule")};
    case Kind::deferred:
      return Delivery{"none", '4', "deferred", why(event, "try again later")};
    case Kind::waiting_on_link:
      return Delivery{"local", '4', "deferred", "the delivery agent is away"};
    case Kind::bounced:
      return Delivery{"none", '5', "bounced", why(event, "refused")};
    case Kind::expired:
      return Delivery{"none", '5', "expired", why(event, "lifetime is over")};
    default:
      return std::nullopt;
  }
}

std::string accepted(const Event& event) {
  return fmt::format("client={}, helo={}{}{}, from={}, size={}, nrcpt={}{}{} (accepted)", client(event),
                     in_angles(event, Field::helo), optional(event, Field::mechanism, "sasl_method"),
                     optional(event, Field::login, "sasl_username"), in_angles(event, Field::reverse_path),
                     value(event, Field::size, "0"), value(event, Field::recipients, "0"),
                     optional(event, Field::tls, "tls"), optional(event, Field::message_id, "message-id"));
}

std::string refused(const MessageId& id, const Event& event) {
  const std::string reply = value(event, Field::reply), cause = value(event, Field::cause);
  return fmt::format("NOQUEUE: reject: {} from {}: {}{}{}; from={} to={} helo={}{}",
                     value(event, Field::at, "CONNECT"), client(event), reply,
                     reply.empty() || cause.empty() ? "" : ": ", cause, in_angles(event, Field::reverse_path),
                     in_angles(event, Field::recipient), in_angles(event, Field::helo),
                     id.is_none() ? "" : " id=" + id.text());
}

// fail2ban's stock filter matches this line.
std::string login_failed(const Event& event) {
  return fmt::format("warning: {}: SASL {} authentication failed: {}{}", client(event),
                     value(event, Field::mechanism, "PLAIN"), value(event, Field::cause, "wrong password"),
                     optional(event, Field::login, "sasl_username"));
}

// Part of Postfix by kind, "" for what no log needs.
std::string_view part_of(const Event& event) {
  switch (event.kind) {
    case Kind::connected:
    case Kind::logged_in:
    case Kind::login_failed:
    case Kind::accepted:
    case Kind::refused:
      return "smtpd";
    case Kind::delivered:
    case Kind::expanded:
    case Kind::duplicate:
    case Kind::discarded:
    case Kind::waiting_on_link:
      return "local";
    case Kind::relayed:
      return "smtp";
    case Kind::deferred:
    case Kind::bounced:
      return event.get(Field::host).empty() ? "qmgr" : "smtp";
    case Kind::dsn_sent:
    case Kind::dsn_suppressed:
      return "bounce";
    case Kind::taken_over:
    case Kind::handed_over:
    case Kind::expired:
    case Kind::held:
    case Kind::released:
    case Kind::cancelled:
    case Kind::retried:
    case Kind::rerouted:
    case Kind::limited:
      return "qmgr";
    default:
      return "";
  }
}

std::string active(const Event& event) {
  return fmt::format("from={}, size={}, nrcpt={} (queue active)", in_angles(event, Field::reverse_path),
                     value(event, Field::size, "0"), value(event, Field::recipients, "0"));
}

}  // namespace

std::vector<LogLine> log_lines(const MessageId& id, const Event& event) {
  const std::string_view part = part_of(event);
  if (part.empty()) return {};
  std::vector<LogLine> lines{{part, render_postfix(id, event)}};
  if (event.kind == Kind::accepted)
    lines.push_back({"qmgr", fmt::format("{}: {}", id.text(), active(event))});
  return lines;
}

std::string render_postfix(const MessageId& id, const Event& event) {
  if (event.kind == Kind::connected) return "connect from " + client(event);
  if (event.kind == Kind::refused) return refused(id, event);
  if (event.kind == Kind::login_failed) return login_failed(event);
  const std::string queue_id = id.is_none() ? "NOQUEUE" : id.text();
  if (event.kind == Kind::accepted) return fmt::format("{}: {}", queue_id, accepted(event));
  if (const auto d = delivery(event))
    return fmt::format("{}: to={}, relay={}, delay={}, dsn={}, status={} ({})", queue_id,
                       in_angles(event, Field::recipient), value(event, Field::host, d->relay),
                       delay(id, event), dsn(event, d->status_class), d->status, d->why);
  return fmt::format("{}: {}", queue_id, words(event));
}

}  // namespace futar::event
