#include "deploy/futar/submit.h"

#include <doctest/doctest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <thread>

#include "common/base/file.h"
#include "deploy/futar/program.h"

using namespace futar;
using namespace futar::deploy;

namespace {

/// A server that answers each line, and the end of data, with the next of its replies.
class Peer {
 public:
  explicit Peer(std::vector<std::string> replies) : replies_(std::move(replies)) {
    path = "/tmp/futar_submit_" + std::to_string(::getpid());
    ::unlink(path.c_str());
    listening_ = Fd(::socket(AF_UNIX, SOCK_STREAM, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strcpy(address.sun_path, path.c_str());
    REQUIRE(::bind(listening_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    REQUIRE(::listen(listening_.get(), 1) == 0);
    thread_ = std::thread([this] { serve(); });
  }
  ~Peer() {
    finish();
    ::unlink(path.c_str());
  }
  void finish() {
    if (thread_.joinable()) thread_.join();
  }

  std::string path, heard;

 private:
  void serve() {
    const Fd talk(::accept(listening_.get(), nullptr, nullptr));
    for (const std::string& reply : replies_) {
      if (::send(talk.get(), reply.data(), reply.size(), MSG_NOSIGNAL) <= 0) return;
      const std::string_view end = reply.starts_with("354") ? "\r\n.\r\n" : "\r\n";
      for (char c = 0; !std::string_view(heard).ends_with(end) || c == 0;) {
        if (::recv(talk.get(), &c, 1, 0) != 1) return;
        heard += c;
      }
    }
  }

  std::vector<std::string> replies_;
  Fd listening_;
  std::thread thread_;
};

Submission some_submission() {
  return {.reverse_path = {"bob", "example.org"},
          .recipients = {{"eva", "example.org"}, {"odd name", "example.org"}},
          .message = "Subject: hi\n\n.dot\nlast",
          .notify = "",
          .envid = "",
          .ret = ""};
}

const std::vector<std::string> welcome{"220 mail ESMTP\r\n", "250-mail\r\n250 SIZE\r\n", "250 2.1.0 Ok\r\n",
                                       "250 2.1.5 Ok\r\n", "250 2.1.5 Ok\r\n"};

}  // namespace

TEST_CASE("data ends each line by CRLF and doubles leading dots") {
  const std::pair<std::string_view, std::string_view> rows[] = {
      {"a\nb\n", "a\r\nb\r\n.\r\n"},
      {"a\r\nb", "a\r\nb\r\n.\r\n"},
      {".\n..\na.\n", "..\r\n...\r\na.\r\n.\r\n"},
      {"", ".\r\n"},
      {"\n", "\r\n.\r\n"},
      {"a\rb\n", "a\rb\r\n.\r\n"},
  };
  for (const auto& [message, data] : rows) {
    CAPTURE(message);
    CHECK(as_data(message) == data);
  }
}

TEST_CASE("a message is submitted, and its id comes back") {
  auto replies = welcome;
  replies.insert(replies.end(), {"354 go\r\n", "250 2.0.0 Ok: queued as 01kb3m7q2v8x0z4c9r5t1n6w3y\r\n"});
  Peer peer(replies);
  CHECK(submit(peer.path, some_submission()).value() == "01kb3m7q2v8x0z4c9r5t1n6w3y");
  peer.finish();
  CHECK(peer.heard ==
        "EHLO localhost\r\nMAIL FROM:<bob@example.org>\r\nRCPT TO:<eva@example.org>\r\n"
        "RCPT TO:<\"odd name\"@example.org>\r\nDATA\r\nSubject: hi\r\n\r\n..dot\r\nlast\r\n.\r\nQUIT\r\n");
}

TEST_CASE("the parameters that a message needs are asked for") {
  auto replies = welcome;
  replies.insert(replies.end(), {"354 go\r\n", "250 2.0.0 Ok: queued as ID\r\n"});
  Peer peer(replies);
  Submission submission = some_submission();
  submission.reverse_path.local =
      "b\xC3\xB6"
      "b";
  submission.message = "Subject: hi\n\n\xC3\xA9\n";
  submission.notify = "failure,delay";
  submission.ret = "HDRS";
  CHECK(submit(peer.path, submission).value() == "ID");
  peer.finish();
  CHECK(peer.heard.find("MAIL FROM:<b\xC3\xB6"
                        "b@example.org> BODY=8BITMIME SMTPUTF8 RET=HDRS\r\n") != std::string::npos);
  CHECK(peer.heard.find("RCPT TO:<eva@example.org> NOTIFY=failure,delay\r\n") != std::string::npos);
}

TEST_CASE("a refused recipient stops it: permanent when the peer says 5yz, else temporary") {
  for (const auto& [reply, kind] : {std::pair{"550 5.1.1 Unknown\r\n", Error::Kind::permanent},
                                    std::pair{"452 4.2.2 Full\r\n", Error::Kind::temporary}}) {
    Peer peer({"220 mail ESMTP\r\n", "250 mail\r\n", "250 2.1.0 Ok\r\n", reply});
    const auto result = submit(peer.path, some_submission());
    REQUIRE_FALSE(result.has_value());
    CHECK(result.error().kind == kind);
    peer.finish();
    CHECK(peer.heard.find("DATA") == std::string::npos);
  }
}

TEST_CASE("nobody there, or a peer that hangs up, is temporary") {
  CHECK(submit("/nonexistent/submit", some_submission()).error().kind == Error::Kind::temporary);
  Peer peer({});
  CHECK(submit(peer.path, some_submission()).error().kind == Error::Kind::temporary);
}

TEST_CASE("a made-up password is easy to read out, and another each time") {
  const std::string password = made_up_password();
  CHECK(password.size() == 11);
  CHECK(password[3] == '-');
  CHECK(password[7] == '-');
  CHECK(password.find_first_of("01loi") == std::string::npos);
  CHECK(password != made_up_password());
}
