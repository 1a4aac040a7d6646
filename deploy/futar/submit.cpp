#include "deploy/futar/submit.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "common/base/file.h"
#include "common/base/text.h"

namespace futar::deploy {
namespace {

constexpr int patience_seconds = 300;  // RFC 5321 §4.5.3.2
constexpr size_t longest_reply = 64 * 1024;

Result<Fd> connect_to(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path)
    return fail(Error::permanent("the path of the socket is too long: " + path));
  std::memcpy(address.sun_path, path.data(), path.size());
  Fd connected(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!connected.is_open()) return fail(errno_error(errno, "socket"));
  if (::connect(connected.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    return fail(Error::temporary("msa does not answer at " + path));
  return connected;
}

/// One blocking conversation.
class Talk {
 public:
  explicit Talk(Fd connected) : socket_(std::move(connected)) {
    const timeval patience{patience_seconds, 0};
    ::setsockopt(socket_.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    ::setsockopt(socket_.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  }

  /// Sends a line and wants a reply whose first digit is `wanted`; its text.
  Result<std::string> say(std::string_view line, char wanted) {
    TRY(send(fmt::format("{}\r\n", line)));
    return hear(wanted);
  }

  Result<void> send(std::string_view octets) {
    while (!octets.empty()) {
      const ssize_t sent = ::send(socket_.get(), octets.data(), octets.size(), MSG_NOSIGNAL);
      if (sent < 0 && errno == EINTR) continue;
      if (sent <= 0) return fail(Error::temporary("msa hung up"));
      octets.remove_prefix(static_cast<size_t>(sent));
    }
    return {};
  }

  /// The lines of one reply, joined by LF, codes included.
  Result<std::string> hear(char wanted) {
    std::string reply;
    while (true) {
      const std::string line = TRY(read_line());
      reply += (reply.empty() ? "" : "\n") + line;
      if (line.size() < 4 || line[3] != '-') break;
    }
    if (reply.starts_with(wanted)) return reply;
    const std::string words = "msa said: " + printable(reply.substr(reply.rfind('\n') + 1));
    return fail(reply.starts_with('5') ? Error::permanent(words) : Error::temporary(words));
  }

 private:
  Result<std::string> read_line() {
    size_t end = 0;
    while ((end = read_.find("\r\n")) == std::string::npos) {
      char buffer[4096];
      const ssize_t got = ::recv(socket_.get(), buffer, sizeof buffer, 0);
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0 || read_.size() > longest_reply) return fail(Error::temporary("msa hung up"));
      read_.append(buffer, static_cast<size_t>(got));
    }
    std::string line = read_.substr(0, end);
    read_.erase(0, end + 2);
    return line;
  }

  Fd socket_;
  std::string read_;
};

bool has_eight_bit(std::string_view text) {
  return std::ranges::any_of(text, [](char c) { return static_cast<unsigned char>(c) >= 0x80; });
}

std::string mail_line(const Submission& submission) {
  const bool international =
      !submission.reverse_path.is_ascii() ||
      std::ranges::any_of(submission.recipients, [](const auto& to) { return !to.is_ascii(); }) ||
      has_eight_bit(submission.message.substr(0, submission.message.find("\n\n")));
  return fmt::format("MAIL FROM:{}{}{}{}{}", submission.reverse_path.path(),
                     has_eight_bit(submission.message) ? " BODY=8BITMIME" : "",
                     international ? " SMTPUTF8" : "", submission.ret.empty() ? "" : " RET=" + submission.ret,
                     submission.envid.empty() ? "" : " ENVID=" + submission.envid);
}

}  // namespace

std::string as_data(std::string_view message) {
  std::string data;
  data.reserve(message.size() + message.size() / 32 + 5);
  bool at_line_start = true;
  for (size_t i = 0; i < message.size(); ++i) {
    const char c = message[i];
    if (c == '\r' && i + 1 < message.size() && message[i + 1] == '\n') continue;
    if (at_line_start && c == '.') data += '.';
    if (c == '\n')
      data += "\r\n";
    else
      data += c;
    at_line_start = c == '\n';
  }
  if (!at_line_start) data += "\r\n";
  return data + ".\r\n";
}

Result<std::string> submit(const std::string& socket_path, const Submission& submission) {
  Talk talk(TRY(connect_to(socket_path)));
  TRY(talk.hear('2'));
  TRY(talk.say("EHLO localhost", '2'));
  TRY(talk.say(mail_line(submission), '2'));
  for (const auto& recipient : submission.recipients)
    TRY(talk.say(fmt::format("RCPT TO:{}{}", recipient.path(),
                             submission.notify.empty() ? "" : " NOTIFY=" + submission.notify),
                 '2'));
  TRY(talk.say("DATA", '3'));
  TRY(talk.send(as_data(submission.message)));
  const std::string reply = TRY(talk.hear('2'));
  (void)talk.say("QUIT", '2');
  return reply.substr(reply.rfind(' ') + 1);  // "250 2.0.0 Ok: queued as ID"
}

namespace {

// Some octets from one descriptor to another; false at the end.
bool pass(int from, int to) {
  char buffer[16384];
  const ssize_t got = ::read(from, buffer, sizeof buffer);
  if (got <= 0) return false;
  for (ssize_t at = 0; at < got;) {
    const ssize_t written = ::write(to, buffer + at, static_cast<size_t>(got - at));
    if (written <= 0) return false;
    at += written;
  }
  return true;
}

}  // namespace

Result<void> converse(const std::string& socket_path) {
  const Fd talk = TRY(connect_to(socket_path));
  pollfd ready[2] = {{STDIN_FILENO, POLLIN, 0}, {talk.get(), POLLIN, 0}};
  while (::poll(ready, 2, -1) > 0) {
    if (ready[1].revents && !pass(talk.get(), STDOUT_FILENO)) break;
    if (ready[0].revents && !pass(STDIN_FILENO, talk.get())) {
      ::shutdown(talk.get(), SHUT_WR);
      ready[0].fd = -1;  // the replies still come
    }
  }
  return {};
}

}  // namespace futar::deploy
