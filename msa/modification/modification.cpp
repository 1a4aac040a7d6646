#include "msa/modification/modification.h"

#include "common/message/address_list.h"
#include "common/message/authentication_results.h"
#include "common/message/date.h"
#include "common/message/header.h"
#include "common/message/message_id.h"

namespace futar::msa {

Result<std::vector<smtp::Address>> claimed_authors(std::string_view header) {
  const auto fields = message::split_header(header);
  std::vector<smtp::Address> authors = TRY(message::addresses_of(fields, "From"));
  const auto senders = TRY(message::addresses_of(fields, "Sender"));
  authors.insert(authors.end(), senders.begin(), senders.end());
  return authors;
}

std::vector<std::string> modify(std::string& header, const Modification& modification) {
  std::vector<std::string> done;
  const auto removed = [&](size_t number, std::string_view name) {
    if (number > 0) done.push_back(fmt::format("removed {} {}", number, name));
  };
  removed(message::remove_authentication_results(header), "Authentication-Results");
  if (modification.remove_bcc)
    removed(message::remove_fields(header, [](const message::Field& field) { return field.is("Bcc"); }),
            "Bcc");

  const auto fields = message::split_header(header);
  std::string added = message::received_field(modification.received);
  const auto add = [&](std::string_view name, const std::string& value) {
    if (message::find(fields, name)) return;
    added += fmt::format("{}: {}\r\n", name, value);
    done.push_back(fmt::format("added {}", name));
  };
  const message::Received& received = modification.received;
  add("Date", message::date(received.wall_ms, received.zone_minutes));
  add("Message-ID", message::make_message_id(received.id, modification.domain));
  if (!modification.author.is_null()) add("From", modification.author.text());
  header.insert(0, added);
  return done;
}

}  // namespace futar::msa
