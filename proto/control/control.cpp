// Question: one frame {"verb": ..., "arguments": {...}}. Answer: one frame, the verb's object or {"error",
// "kind"}.
#include "proto/control/control.h"

#include <nlohmann/json.hpp>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/log/log.h"
#include "common/net/gate.h"

namespace futar::proto {

using nlohmann::json;

namespace {

constexpr std::pair<Error::Kind, std::string_view> kind_names[] = {{Error::Kind::temporary, "temporary"},
                                                                   {Error::Kind::permanent, "permanent"},
                                                                   {Error::Kind::ours, "ours"}};

json answer_of(const Error& error) {
  const auto name =
      std::ranges::find(kind_names, error.kind, &std::pair<Error::Kind, std::string_view>::first);
  return {{"error", error.text}, {"kind", name->second}};
}

// Octets that are not UTF-8 (an address, a peer's reply) must not make the answer fail.
std::string text_of(const json& value) { return value.dump(-1, ' ', false, json::error_handler_t::replace); }

/// Of the endpoint: "ipc:///run/futar/msa/control.msa" is msa's.
std::string agent_of(std::string_view endpoint) {
  const size_t dot = endpoint.rfind('.');
  return std::string(endpoint.substr(dot == std::string_view::npos ? 0 : dot + 1));
}

}  // namespace

struct ControlServer::Impl : std::enable_shared_from_this<Impl> {
  net::Loop& loop;
  zmq::Context& context;
  std::string endpoint;
  std::map<std::string, Verb> verbs;
  std::unique_ptr<zmq::Socket> socket;
  size_t running = 0;  ///< verbs
  net::Gate changed;   ///< a verb has answered or an asker has gone

  Impl(net::Loop& l, zmq::Context& c, std::string e, std::map<std::string, Verb> v)
      : loop(l), context(c), endpoint(std::move(e)), verbs(std::move(v)), changed(l) {}

  void answer(const std::string& peer, const json& value) {
    if (socket) socket->send(peer, zmq::Frames{text_of(value)});  // who has gone away needs no answer
  }
  bool is_busy() { return running > 0 || (socket && socket->peers() > 0); }
  void asked(const std::string& peer, const zmq::Frames& frames);
  static Task<> run(std::shared_ptr<Impl> self, std::string peer, Verb verb, json arguments);
};

void ControlServer::Impl::asked(const std::string& peer, const zmq::Frames& frames) {
  const auto refuse = [&](std::string why) { answer(peer, answer_of(Error::permanent(std::move(why)))); };
  if (frames.size() != 1) return refuse("a question is one frame");
  json question = json::parse(frames.front(), nullptr, false);
  if (!question.is_object() || !question.contains("verb") || !question["verb"].is_string())
    return refuse("a question is a JSON object with a verb");
  json arguments = question.value("arguments", json::object());
  if (!arguments.is_object()) return refuse("arguments are a JSON object");
  const auto& name = question["verb"].get_ref<const std::string&>();
  const auto verb = verbs.find(name);
  if (verb == verbs.end()) return refuse("no such verb: " + printable(name, 64));
  ++running;
  loop.spawn("control " + name, run(shared_from_this(), peer, verb->second, std::move(arguments)));
}

Task<> ControlServer::Impl::run(std::shared_ptr<Impl> self, std::string peer, Verb verb, json arguments) {
  json value;
  try {
    auto result = co_await verb(std::move(arguments));
    value = result ? *std::move(result) : answer_of(result.error());
  } catch (const std::exception& e) {
    // A missing or wrong argument, as nlohmann/json words it.
    value = answer_of(Error::permanent(e.what()));
  }
  self->answer(peer, value);
  --self->running;
  self->changed.open();
}

ControlServer::ControlServer(net::Loop& loop, zmq::Context& context, std::string endpoint,
                             std::map<std::string, Verb> verbs)
    : impl_(std::make_shared<Impl>(loop, context, std::move(endpoint), std::move(verbs))) {}

Task<> ControlServer::stop(int64_t grace_ms) {
  const auto impl = impl_;
  const int64_t end = system_clock().steady_ms() + grace_ms;
  while (impl->is_busy()) {
    const int64_t left = end - system_clock().steady_ms();
    if (left <= 0) co_return;
    impl->changed.reset();
    co_await impl->changed.wait_for(left);
  }
}

ControlServer::~ControlServer() { impl_->socket.reset(); }

Result<void> ControlServer::start() {
  zmq::SocketOptions options;
  options.kind = zmq::SocketKind::router;
  options.endpoint = impl_->endpoint;
  options.bind = true;
  zmq::Socket::Events events;
  events.received = [self = std::weak_ptr(impl_)](const std::string& peer, zmq::Frames frames) {
    if (const auto held = self.lock()) held->asked(peer, frames);
  };
  events.disconnected = [self = std::weak_ptr(impl_)] {
    if (const auto held = self.lock()) held->changed.open();
  };
  impl_->socket = TRY(zmq::Socket::open(impl_->context, std::move(options), std::move(events)));
  return {};
}

Result<json> ask(const std::string& endpoint, const std::string& verb, const json& arguments,
                 int timeout_ms) {
  const json question = {{"verb", verb}, {"arguments", arguments}};
  const auto frames = zmq::request(endpoint, {text_of(question)}, timeout_ms);
  if (!frames) return fail(Error::temporary(agent_of(endpoint) + " does not answer"));
  json answer = json::parse(frames->empty() ? "" : frames->front(), nullptr, false);
  if (answer.is_discarded())
    return fail(Error::temporary(agent_of(endpoint) + " answers something that is not JSON"));
  if (!answer.is_object() || !answer.contains("error") || !answer["error"].is_string()) return answer;
  const std::string kind = answer.value("kind", "temporary");
  const auto known = std::ranges::find(kind_names, kind, &std::pair<Error::Kind, std::string_view>::second);
  return fail(Error{known == std::end(kind_names) ? Error::Kind::temporary : known->first, answer["error"]});
}

}  // namespace futar::proto
