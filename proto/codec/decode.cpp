// Frames to values. What a peer says is judged here, so that nothing behind it meets a wrong type, a negative
// size or a control character in an address.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "common/base/text.h"
#include "proto/codec/codec.h"

namespace futar::proto {

namespace {

using nlohmann::json;

/// Thrown and caught within decode().
struct Damaged {
  std::string text;
};

const json& at(const json& object, const char* key) {
  if (!object.is_object()) throw Damaged{"not an object"};
  const auto found = object.find(key);
  if (found == object.end()) throw Damaged{fmt::format("no \"{}\"", key)};
  return *found;
}

const json& list(const json& object, const char* key) {
  const json& value = at(object, key);
  if (!value.is_array()) throw Damaged{fmt::format("\"{}\" is no list", key)};
  return value;
}

const json& element(const json& array, size_t index) {
  if (!array.is_array() || index >= array.size()) throw Damaged{"a list is too short"};
  return array[index];
}

// Sequences, sizes and times: integers of 63 bits, none negative.
int64_t number(const json& value) {
  if (!value.is_number_unsigned() || value.get<uint64_t>() > static_cast<uint64_t>(INT64_MAX))
    throw Damaged{"not a number from 0 to 2^63"};
  return value.get<int64_t>();
}
int64_t number(const json& object, const char* key) { return number(at(object, key)); }
int64_t number_or(const json& object, const char* key, int64_t otherwise) {
  return object.contains(key) ? number(object, key) : otherwise;
}
uint64_t size(const json& object, const char* key) { return static_cast<uint64_t>(number(object, key)); }

int small_number(const json& value, int limit) {
  const int64_t n = number(value);
  if (n > limit) throw Damaged{"a number is too large"};
  return static_cast<int>(n);
}

bool boolean(const json& value) {
  if (!value.is_boolean()) throw Damaged{"not true or false"};
  return value.get<bool>();
}
bool flag(const json& object, const char* key) { return object.contains(key) && boolean(at(object, key)); }

std::string text(const json& value) {
  if (value.is_string()) return value.get<std::string>();
  const json& encoded = at(value, "b");
  if (!encoded.is_string()) throw Damaged{"not a text"};
  auto octets = base64_decode(encoded.get_ref<const std::string&>());
  if (!octets) throw Damaged{"not base64"};
  return *std::move(octets);
}
std::string text(const json& object, const char* key) { return text(at(object, key)); }
std::string text_or_empty(const json& object, const char* key) {
  return object.contains(key) ? text(object, key) : "";
}

std::vector<std::string> texts(const json& object, const char* key) {
  std::vector<std::string> all;
  if (!object.contains(key)) return all;
  for (const json& value : list(object, key)) all.push_back(text(value));
  return all;
}

MessageId id(const json& value) {
  auto parsed = MessageId::parse(text(value));
  if (!parsed) throw Damaged{parsed.error().text};
  return *parsed;
}

smtp::Address address(const json& value) {
  const std::string whole = text(value);
  if (whole.empty()) return {};
  const auto control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  const size_t divide = whole.rfind('@');
  if (divide == std::string::npos || std::ranges::any_of(whole, control)) throw Damaged{"not an address"};
  return {whole.substr(0, divide), whole.substr(divide + 1)};
}

std::vector<int64_t> sequences(const json& head) {
  std::vector<int64_t> all;
  for (const json& value : list(head, "s")) all.push_back(number(value));
  return all;
}

/// The content frames, in order; each must be asked for once.
class Content {
 public:
  explicit Content(Frames&& frames) : frames_(std::move(frames)) {}
  std::string next() {
    if (next_ == frames_.size()) throw Damaged{"a frame is missing"};
    return std::move(frames_[next_++]);
  }
  bool is_used_up() const { return next_ == frames_.size(); }

 private:
  Frames frames_;
  size_t next_ = 1;  // after the head
};

// An empty frame for a body that is not empty: chunks follow.
spool::Body body(uint64_t declared, std::string frame) {
  spool::Body result{declared, nullptr, ""};
  if (frame.empty() && declared > 0) return result;
  if (frame.size() != declared) throw Damaged{"a body has another size than was said"};
  result.bytes = std::make_shared<const std::string>(std::move(frame));
  return result;
}

message::Recipient recipient(const json& value) {
  message::Recipient result;
  if (!value.is_array()) {
    result.address = address(value);
    return result;
  }
  result.address = address(element(value, 0));
  result.parameters.notify.bits = static_cast<uint8_t>(small_number(element(value, 1), 15));
  result.parameters.orcpt = text(element(value, 2));
  return result;
}

message::Envelope envelope(const json& item) {
  message::Envelope result;
  result.reverse_path = address(at(item, "f"));
  result.parameters.size = static_cast<uint64_t>(number_or(item, "ds", 0));
  result.parameters.body_8bit = flag(item, "8");
  result.parameters.smtputf8 = flag(item, "u");
  if (item.contains("r")) result.parameters.ret = static_cast<smtp::Ret>(small_number(at(item, "r"), 2));
  result.parameters.envid = text_or_empty(item, "v");
  result.parameters.auth = text_or_empty(item, "au");
  for (const json& value : list(item, "t")) result.recipients.push_back(recipient(value));
  return result;
}

// ---- one function a kind
// ---------------------------------------------------------------------------------------

Message hello(const json& head, Content&) {
  return Hello{text(head, "role"),      text(head, "instance"),       number(head, "started"),
               number(head, "epoch"),   number(head, "below"),        small_number(at(head, "v"), 1 << 16),
               number(head, "session"), text_or_empty(head, "folder")};
}

Message welcome(const json& head, Content&) {
  return Welcome{text(head, "instance"),
                 number(head, "started"),
                 number(head, "epoch"),
                 number(head, "below"),
                 small_number(at(head, "v"), 1 << 16),
                 number(head, "session")};
}

Message credit(const json& head, Content&) { return Credit{size(head, "n"), number_or(head, "s", 0)}; }

Message offer(const json& head, Content&) {
  Offer result{number(head, "e"), number(head, "b"), {}};
  for (const json& item : list(head, "i"))
    result.items.push_back(
        {number(element(item, 0)), id(element(item, 1)), static_cast<uint64_t>(number(element(item, 2)))});
  return result;
}

Message want(const json& head, Content&) { return Want{sequences(head)}; }
Message have(const json& head, Content&) { return Have{sequences(head)}; }

Message later(const json& head, Content&) {
  return Later{sequences(head), text_or_empty(head, "r"), flag(head, "n"), flag(head, "h")};
}

Message transfer(const json& head, Content& content) {
  Transfer result{number(head, "e"), number(head, "b"), {}};
  const json& items = list(head, "i");
  result.items.reserve(items.size());
  for (const json& item : items) {
    TransferItem& one = result.items.emplace_back();
    one.sequence = number(item, "s");
    one.message.id = id(at(item, "d"));
    one.message.envelope = envelope(item);
    one.message.header = content.next();
    one.message.body = body(size(item, "z"), content.next());
    one.message.accepted_ms = number(item, "a");
    one.message.login = text_or_empty(item, "l");
    one.message.hold_reason = text_or_empty(item, "h");
    one.message.client = text_or_empty(item, "c");
    one.message.proven_sender = flag(item, "p");
  }
  return result;
}

Message chunk(const json& head, Content& content) {
  return Chunk{number(head, "s"), size(head, "o"), flag(head, "l"), content.next()};
}

Message accepted(const json& head, Content&) {
  Accepted result;
  const json& bounds = list(head, "r");
  for (size_t i = 0; i < bounds.size(); i += 2) {
    const Range range{number(bounds[i]), number(element(bounds, i + 1))};
    if (range.first > range.last) throw Damaged{"a range is upside down"};
    result.ranges.push_back(range);
  }
  return result;
}

DeliverRecipient deliver_recipient(const json& value) {
  DeliverRecipient result;
  result.row = number(value, "s");
  result.address = address(at(value, "a"));
  result.orcpt = text_or_empty(value, "o");
  result.depth = value.contains("n") ? small_number(at(value, "n"), 1000) : 0;
  result.ancestry = texts(value, "p");
  result.ask_only = flag(value, "q");
  return result;
}

Message deliver(const json& head, Content& content) {
  Deliver result{number(head, "e"), number(head, "b"), {}};
  for (const json& item : list(head, "i")) {
    DeliverItem& one = result.items.emplace_back();
    one.id = id(at(item, "d"));
    one.reverse_path = address(at(item, "f"));
    one.smtputf8 = flag(item, "u");
    one.junk = flag(item, "j");
    one.header = content.next();
    const auto prefix = static_cast<size_t>(number_or(item, "x", 0));
    if (prefix > one.header.size()) throw Damaged{"a prefix is longer than its frame"};
    one.prefix = one.header.substr(0, prefix);
    one.header.erase(0, prefix);
    one.body = body(size(item, "z"), content.next());
    for (const json& value : list(item, "t")) one.recipients.push_back(deliver_recipient(value));
    if (one.recipients.empty()) throw Damaged{"an item without recipients"};
  }
  return result;
}

OutcomeState outcome_state(const std::string& name) {
  if (name == "delivered") return OutcomeState::delivered;
  if (name == "expanded") return OutcomeState::expanded;
  if (name == "later") return OutcomeState::later;
  if (name == "failed") return OutcomeState::failed;
  if (name == "discarded") return OutcomeState::discarded;
  throw Damaged{"unknown outcome"};
}

Message outcome(const json& head, Content&) {
  Outcome result;
  for (const json& item : list(head, "i"))
    result.items.push_back({number(item, "s"), outcome_state(text(item, "w")), text_or_empty(item, "r"),
                            text_or_empty(item, "c"), text_or_empty(item, "d"), text_or_empty(item, "n"),
                            texts(item, "t"), flag(item, "a")});
  return result;
}

Message mailboxes(const json& head, Content&) {
  MailboxState result{flag(head, "c"), {}};
  for (const json& item : list(head, "i"))
    result.items.push_back({text(element(item, 0)), boolean(element(item, 1))});
  return result;
}

Message directory(const json& head, Content& content) {
  return Directory{size(head, "g"), text(head, "n"), content.next()};
}

using Decoder = Message (*)(const json&, Content&);
constexpr std::pair<std::string_view, Decoder> decoders[] = {
    {"transfer", transfer},   {"deliver", deliver},     {"chunk", chunk}, {"credit", credit},
    {"accepted", accepted},   {"outcome", outcome},     {"offer", offer}, {"want", want},
    {"have", have},           {"later", later},         {"hello", hello}, {"welcome", welcome},
    {"mailboxes", mailboxes}, {"directory", directory},
};

Message decode_or_throw(Frames&& frames) {
  if (frames.empty()) throw Damaged{"no frame"};
  const json head = json::parse(frames.front(), nullptr, false);
  if (head.is_discarded()) throw Damaged{"the head is not JSON"};
  const std::string kind = text(head, "k");
  const auto decoder = std::ranges::find(decoders, kind, &std::pair<std::string_view, Decoder>::first);
  if (decoder == std::end(decoders)) throw Damaged{"unknown kind " + printable(kind, 32)};
  Content content(std::move(frames));
  Message message = decoder->second(head, content);
  if (!content.is_used_up()) throw Damaged{"trailing frames"};
  return message;
}

}  // namespace

Result<Message> decode(Frames&& frames) {
  try {
    return decode_or_throw(std::move(frames));
  } catch (const Damaged& damaged) {
    return fail(Error::permanent("damaged message on the link: " + damaged.text));
  }
}

}  // namespace futar::proto
