// Values to frames. Keys and defaults must agree with decode.cpp; tests/proto/codec holds a fixed text of
// each kind.
#include "proto/codec/codec.h"
#include "proto/codec/json_writer.h"

namespace futar::proto {

namespace {

Part part(std::string octets) { return std::make_shared<const std::string>(std::move(octets)); }

Part body_part(const spool::Body& body) {
  static const Part empty = part("");
  return body.bytes ? body.bytes : empty;
}

// The domain holds no '@', so the last one divides; no quoting is needed.
std::string address_text(const smtp::Address& address) {
  return address.is_null() ? "" : address.local + "@" + address.domain;
}

void write_sequences(JsonWriter& json, std::string_view key, const std::vector<int64_t>& sequences) {
  json.key(key).open('[');
  for (const int64_t sequence : sequences) json.number(sequence);
  json.close(']');
}

void write_recipient(JsonWriter& json, const message::Recipient& recipient) {
  const std::string address = address_text(recipient.address);
  const smtp::RcptParameters& parameters = recipient.parameters;
  if (parameters == smtp::RcptParameters{}) {
    json.text(address);
    return;
  }
  json.open('[').text(address).number(parameters.notify.bits).text(parameters.orcpt).close(']');
}

void write_envelope(JsonWriter& json, const message::Envelope& envelope) {
  const smtp::MailParameters& parameters = envelope.parameters;
  json.key("f").text(address_text(envelope.reverse_path));
  if (parameters.size) json.key("ds").number(parameters.size);
  json.flag_if("8", parameters.body_8bit).flag_if("u", parameters.smtputf8);
  if (parameters.ret != smtp::Ret::unset) json.key("r").number(static_cast<int>(parameters.ret));
  json.text_unless_empty("v", parameters.envid).text_unless_empty("au", parameters.auth);
  json.key("t").open('[');
  for (const message::Recipient& recipient : envelope.recipients) write_recipient(json, recipient);
  json.close(']');
}

/// Writes the head, then appends what follows it.
struct Encoder {
  JsonWriter json;
  std::vector<Part> parts = std::vector<Part>(1);

  void kind(std::string_view name) { json.open('{').key("k").text(name); }

  template <class Batch>
  void batch(std::string_view name, const Batch& b) {
    kind(name);
    json.key("e").number(b.epoch).key("b").number(b.confirmed_below).key("i").open('[');
  }

  void operator()(Hello& m) {
    kind("hello");
    json.key("v").number(m.protocol).key("role").text(m.role).key("instance").text(m.instance);
    json.key("started").number(m.started_ms).key("epoch").number(m.epoch);
    json.key("below").number(m.confirmed_below).key("session").number(m.session);
    json.text_unless_empty("folder", m.folder);
  }

  void operator()(Welcome& m) {
    kind("welcome");
    json.key("v").number(m.protocol).key("instance").text(m.instance).key("started").number(m.started_ms);
    json.key("epoch").number(m.epoch).key("below").number(m.confirmed_below).key("session").number(m.session);
  }

  void operator()(Credit& m) {
    kind("credit");
    json.key("n").number(m.octets);
    if (m.sequence) json.key("s").number(m.sequence);
  }

  void operator()(Offer& m) {
    batch("offer", m);
    for (const OfferItem& item : m.items)
      json.open('[').number(item.sequence).text(item.id.text()).number(item.size).close(']');
    json.close(']');
  }

  void operator()(Want& m) {
    kind("want");
    write_sequences(json, "s", m.sequences);
  }

  void operator()(Have& m) {
    kind("have");
    write_sequences(json, "s", m.sequences);
  }

  void operator()(Later& m) {
    kind("later");
    write_sequences(json, "s", m.sequences);
    json.text_unless_empty("r", m.reason).flag_if("n", m.new_epoch).flag_if("h", m.say_hello);
  }

  void operator()(Transfer& m) {
    batch("transfer", m);
    parts.reserve(1 + 2 * m.items.size());
    for (TransferItem& item : m.items) {
      spool::Message& message = item.message;
      json.open('{').key("s").number(item.sequence).key("d").text(message.id.text());
      write_envelope(json, message.envelope);
      json.key("z").number(message.body.size).key("a").number(message.accepted_ms);
      json.text_unless_empty("l", message.login).text_unless_empty("h", message.hold_reason);
      json.text_unless_empty("c", message.client);
      json.flag_if("p", message.proven_sender).close('}');
      parts.push_back(part(std::move(message.header)));
      parts.push_back(body_part(message.body));
    }
    json.close(']');
  }

  void operator()(Chunk& m) {
    kind("chunk");
    json.key("s").number(m.sequence).key("o").number(m.offset).flag_if("l", m.last);
    parts.push_back(part(std::move(m.octets)));
  }

  void operator()(Accepted& m) {
    kind("accepted");
    json.key("r").open('[');
    for (const Range& range : m.ranges) json.number(range.first).number(range.last);
    json.close(']');
  }

  void deliver_recipient(const DeliverRecipient& recipient) {
    json.open('{').key("s").number(recipient.row).key("a").text(address_text(recipient.address));
    json.text_unless_empty("o", recipient.orcpt);
    if (recipient.depth) json.key("n").number(recipient.depth);
    if (!recipient.ancestry.empty()) {
      json.key("p").open('[');
      for (const std::string& address : recipient.ancestry) json.text(address);
      json.close(']');
    }
    json.flag_if("q", recipient.ask_only);
    json.close('}');
  }

  void operator()(Deliver& m) {
    batch("deliver", m);
    parts.reserve(1 + 2 * m.items.size());
    for (DeliverItem& item : m.items) {
      json.open('{').key("d").text(item.id.text()).key("f").text(address_text(item.reverse_path));
      json.flag_if("u", item.smtputf8).flag_if("j", item.junk);
      if (!item.prefix.empty()) json.key("x").number(item.prefix.size());
      json.key("z").number(item.body.size).key("t").open('[');
      for (const DeliverRecipient& recipient : item.recipients) deliver_recipient(recipient);
      json.close(']').close('}');
      parts.push_back(part(item.prefix.empty() ? std::move(item.header) : item.prefix + item.header));
      parts.push_back(body_part(item.body));
    }
    json.close(']');
  }

  void operator()(Outcome& m) {
    static constexpr std::string_view states[] = {"delivered", "expanded", "later", "failed", "discarded"};
    kind("outcome");
    json.key("i").open('[');
    for (const OutcomeItem& item : m.items) {
      json.open('{').key("s").number(item.row).key("w").text(states[static_cast<size_t>(item.state)]);
      json.text_unless_empty("r", item.reason).text_unless_empty("c", item.status);
      json.text_unless_empty("d", item.folder).text_unless_empty("n", item.file);
      if (!item.targets.empty()) {
        json.key("t").open('[');
        for (const std::string& target : item.targets) json.text(target);
        json.close(']');
      }
      json.flag_if("a", item.resumed).close('}');
    }
    json.close(']');
  }

  void operator()(MailboxState& m) {
    kind("mailboxes");
    json.flag_if("c", m.complete).key("i").open('[');
    for (const MailboxStateItem& item : m.items)
      json.open('[').text(item.account).boolean(item.full).close(']');
    json.close(']');
  }

  void operator()(Directory& m) {
    kind("directory");
    json.key("g").number(m.generation).key("n").text(m.name);
    parts.push_back(part(std::move(m.octets)));
  }
};

}  // namespace

std::vector<Part> encode_parts(Message message) {
  Encoder encoder;
  std::visit(encoder, message);
  encoder.parts.front() = part(encoder.json.close('}').take());
  return std::move(encoder.parts);
}

Frames encode(const Message& message) {
  Frames frames;
  for (const Part& each : encode_parts(message)) frames.push_back(*each);
  return frames;
}

std::string_view kind_name(const Message& message) {
  static constexpr std::string_view names[] = {"Hello",   "Welcome", "Credit",       "Offer",    "Want",
                                               "Have",    "Later",   "Transfer",     "Chunk",    "Accepted",
                                               "Deliver", "Outcome", "MailboxState", "Directory"};
  static_assert(std::size(names) == std::variant_size_v<Message>);
  return names[message.index()];
}

}  // namespace futar::proto
