#include <nlohmann/json.hpp>

#include "common/base/text.h"
#include "common/spool/message_store.h"

namespace futar::spool {
namespace {

using nlohmann::json;
using smtp::Ret;

void put(json& object, const char* key, const std::string& value) {
  if (value.empty()) return;
  if (is_utf8(value))
    object[key] = value;
  else
    object[std::string(key) + "64"] = base64_encode(value);
}

json address_json(const smtp::Address& address) {
  json object = json::object();
  put(object, "local", address.local);
  put(object, "domain", address.domain);
  return object;
}

json recipient_json(const message::Recipient& recipient) {
  json object = address_json(recipient.address);
  if (recipient.parameters.notify.bits != 0) object["notify"] = recipient.parameters.notify.bits;
  put(object, "orcpt", recipient.parameters.orcpt);
  return object;
}

/// What is no envelope leaves through this and is caught once, in decode_envelope.
struct NotAnEnvelope {
  std::string text;
};

std::string get(const json& object, const char* key) {
  if (const auto at = object.find(key); at != object.end()) return at->get<std::string>();
  const auto at = object.find(std::string(key) + "64");
  if (at == object.end()) return "";
  auto octets = base64_decode(at->get<std::string>());
  if (!octets) throw NotAnEnvelope{std::string(key) + "64 is not base64"};
  return std::move(*octets);
}

template <class Number>
Number number(const json& object, const char* key) {
  const auto at = object.find(key);
  if (at == object.end()) return 0;
  if (!at->is_number_unsigned() || at->get<uint64_t>() > std::numeric_limits<Number>::max())
    throw NotAnEnvelope{std::string(key) + " is out of range"};
  return at->get<Number>();
}

smtp::Address address(const json& object) {
  if (!object.is_object()) throw NotAnEnvelope{"an address is not an object"};
  return {get(object, "local"), get(object, "domain")};
}

Ret ret(const std::string& word) {
  if (word.empty()) return Ret::unset;
  if (word == "full") return Ret::full;
  if (word == "hdrs") return Ret::headers;
  throw NotAnEnvelope{"ret is neither full nor hdrs"};
}

message::Envelope envelope(const json& object) {
  message::Envelope envelope;
  envelope.reverse_path = address(object.at("from"));
  smtp::MailParameters& mail = envelope.parameters;
  mail.size = number<uint64_t>(object, "size");
  mail.body_8bit = object.value("8bit", false);
  mail.smtputf8 = object.value("smtputf8", false);
  mail.ret = ret(get(object, "ret"));
  mail.envid = get(object, "envid");
  mail.auth = get(object, "auth");
  envelope.junk = object.value("junk", false);
  const json& recipients = object.at("to");
  if (!recipients.is_array()) throw NotAnEnvelope{"to is not an array"};
  for (const json& to : recipients) {
    message::Recipient& recipient = envelope.recipients.emplace_back(address(to));
    recipient.parameters.notify.bits = number<uint8_t>(to, "notify");
    recipient.parameters.orcpt = get(to, "orcpt");
  }
  return envelope;
}

}  // namespace

std::string encode_envelope(const message::Envelope& envelope) {
  json object = {{"from", address_json(envelope.reverse_path)}};
  const smtp::MailParameters& mail = envelope.parameters;
  if (mail.size != 0) object["size"] = mail.size;
  if (mail.body_8bit) object["8bit"] = true;
  if (mail.smtputf8) object["smtputf8"] = true;
  if (mail.ret != Ret::unset) object["ret"] = mail.ret == Ret::full ? "full" : "hdrs";
  put(object, "envid", mail.envid);
  put(object, "auth", mail.auth);
  if (envelope.junk) object["junk"] = true;
  json& to = object["to"] = json::array();
  for (const message::Recipient& recipient : envelope.recipients) to.push_back(recipient_json(recipient));
  return object.dump();
}

Result<message::Envelope> decode_envelope(std::string_view text) {
  const json object = json::parse(text, nullptr, false);
  if (!object.is_object()) return fail(Error::permanent("an envelope is not a JSON object"));
  try {
    return envelope(object);
  } catch (const NotAnEnvelope& wrong) {
    return fail(Error::permanent("an envelope cannot be read: " + wrong.text));
  } catch (const json::exception& wrong) {
    return fail(Error::permanent(std::string("an envelope cannot be read: ") + wrong.what()));
  }
}

}  // namespace futar::spool
