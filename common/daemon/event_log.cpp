#include "common/daemon/event_log.h"

#include "common/event/log_line.h"
#include "common/log/log.h"

namespace futar::daemon {
namespace {

std::vector<std::pair<std::string, std::string>> values_of(const MessageId& id, const event::Event& event) {
  std::vector<std::pair<std::string, std::string>> values{{"kind", std::string(event::name(event.kind))}};
  if (!id.is_none()) values.emplace_back("id", id.text());
  for (const auto& [field, value] : event.fields) values.emplace_back(event::name(field), value);
  return values;
}

}  // namespace

void log_events(const MessageId& id, const std::vector<event::Event>& events) {
  const bool whole = log::format() == log::Format::json;
  for (const event::Event& event : events)
    for (const event::LogLine& line : event::log_lines(id, event)) {
      if (whole) {
        log::mail(line.part, event::words(event), values_of(id, event));
        break;
      }
      log::mail(line.part, line.text, {});
    }
}

}  // namespace futar::daemon
