#include "tests/fakes/scripted_peer.h"

#include "common/base/text.h"

namespace futar {

using Then = ScriptedPeer::Answer::Then;

std::unique_ptr<net::FakeStream> ScriptedPeer::connect(net::Loop& loop) {
  auto [client, server] = net::FakeStream::make_pair(loop);
  client_ = client.get();
  own_ = server.get();
  loop.spawn("scripted peer", serve(std::move(server)));
  return std::move(client);
}

Task<> ScriptedPeer::serve(std::unique_ptr<net::Stream> stream) {
  stream_ = std::move(stream);
  ++connections;
  ended = false;
  input_.clear();
  try {
    co_await talk();
  } catch (const net::StreamClosed&) {
    // The client has hung up.
  } catch (const Hangs&) {
  }
  sent = heard.size() + (own_ ? own_->available() : 0);
  stream_->close();
  own_ = client_ = nullptr;
  ended = true;
}

Task<> ScriptedPeer::talk() {
  co_await answer("greeting", "220 peer.example ESMTP\r\n");
  while (true) co_await obey(co_await hear_line());
}

std::string ScriptedPeer::hello() const {
  std::string reply = "250-peer.example\r\n";
  for (const std::string& keyword : keywords) reply += "250-" + keyword + "\r\n";
  return reply + "250 HELP\r\n";
}

std::string ScriptedPeer::verdict() const {
  std::string reply;
  for (size_t i = 0; i < (lmtp ? message_.rcpts.size() : 1); ++i) reply += "250 2.0.0 taken\r\n";
  return reply;
}

Task<> ScriptedPeer::obey(std::string line) {
  commands.push_back(line);
  const auto is = [&](std::string_view verb) { return line.starts_with(verb); };
  if (is("EHLO") || is("LHLO")) co_return co_await answer(line, hello());
  if (is("AUTH")) co_return co_await take_auth(line);
  if (is("DATA")) co_return co_await take_data();
  if (is("BDAT ")) co_return co_await take_chunk(std::string_view(line).substr(5));
  if (is("STARTTLS")) {
    co_await answer(line, tls ? "220 2.0.0 go ahead\r\n" : "502 5.5.1 no\r\n");
    if (tls && last_said_.starts_with("220")) co_await stream_->start_tls(*tls);
    co_return;
  }
  if (is("QUIT")) {
    co_await answer(line, "221 2.0.0 bye\r\n");
    throw Hangs{};
  }
  if (is("MAIL") || is("RSET")) message_ = {line, {}, {}};
  co_await answer(line, is("RCPT") ? "250 2.1.5 ok\r\n" : "250 2.0.0 ok\r\n");
  if (is("RCPT") && last_said_.starts_with("2")) message_.rcpts.push_back(line);
}

Task<> ScriptedPeer::take_data() {
  co_await answer("DATA", message_.rcpts.empty() ? "503 5.5.1 no recipients\r\n" : "354 go ahead\r\n");
  if (!last_said_.starts_with("3")) co_return;
  for (std::string line = co_await hear_line(); line != "."; line = co_await hear_line())
    message_.content += line + "\r\n";
  if (!message_.rcpts.empty()) messages.push_back(message_);
  co_await answer(".", message_.rcpts.empty() ? "554 5.5.1 no recipients\r\n" : verdict());
  message_ = {};
}

Task<> ScriptedPeer::take_chunk(std::string_view arguments) {
  const auto words = split(arguments, ' ');
  const std::string line = "BDAT " + std::string(arguments);
  const bool last = words.size() > 1;
  const size_t size = parse_number(words[0]).value();
  while (input_.size() < size) co_await hear_more();
  message_.content += input_.substr(0, size);
  input_.erase(0, size);
  if (last) messages.push_back(message_);
  co_await answer(line, last ? verdict() : "250 2.0.0 chunk\r\n");
}

Task<> ScriptedPeer::take_auth(std::string line) {
  while (true) {
    co_await answer("AUTH", auth(line));
    if (!last_said_.starts_with("334")) co_return;
    line = co_await hear_line();
    commands.push_back(line);
  }
}

Task<> ScriptedPeer::answer(const std::string& to, std::string good) {
  before_answer();
  // Longer keys come later in the map.
  for (auto entry = script.rbegin(); entry != script.rend(); ++entry) {
    if (!to.starts_with(entry->first) || entry->second.empty()) continue;
    Answer scripted = std::move(entry->second.front());
    entry->second.pop_front();
    co_return co_await perform(std::move(scripted));
  }
  co_await perform({std::move(good)});
}

Task<> ScriptedPeer::perform(Answer answer) {
  last_said_ = answer.octets;
  co_await say(answer.octets);
  if (answer.then == Then::go_on) co_return;
  if (answer.then == Then::close) throw Hangs{};
  while (answer.then == Then::endless) {
    if (own_) co_await own_->until_peer_waits();
    co_await say(answer.octets);
  }
  if (own_) {
    co_await own_->until_peer_waits();
    deadline = client_->deadline();
    client_->expire();
  }
  while (true) co_await hear_more();
}

Task<> ScriptedPeer::say(std::string_view octets) {
  const std::string_view allowed = octets.substr(0, say_at_most - said.size());
  said += allowed;
  if (!allowed.empty()) co_await stream_->write(allowed);
  if (said.size() >= say_at_most) throw Hangs{};
}

Task<std::string> ScriptedPeer::hear_line() {
  size_t end;
  while ((end = input_.find("\r\n")) == std::string::npos) co_await hear_more();
  std::string line = input_.substr(0, end);
  input_.erase(0, end + 2);
  co_return line;
}

Task<> ScriptedPeer::hear_more() {
  char buffer[64 * 1024];
  const size_t most = std::min(sizeof buffer, hear_at_most - heard.size());
  if (most == 0) throw Hangs{};
  const size_t size = co_await stream_->read(buffer, most);
  heard.append(buffer, size);
  input_.append(buffer, size);
}

}  // namespace futar
