#include "common/message/message_id.h"

#include "common/base/text.h"

namespace futar::message {

std::string make_message_id(const MessageId& id, std::string_view domain) {
  return fmt::format("<{}@{}>", id.text(), domain);
}

std::string message_id(std::span<const Field> fields) {
  const Field* field = find(fields, "Message-ID");
  return field ? printable(unfold(field->value), 998) : "";
}

}  // namespace futar::message
