// A server of SMTP or LMTP that behaves well but where a test tells it otherwise, over any stream.
#pragma once
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/net/loop.h"
#include "common/net/stream.h"
#include "tests/fakes/stream.h"

namespace futar {

class ScriptedPeer {
 public:
  struct Answer {
    enum class Then {
      go_on,
      close,    ///< hangs up
      stall,    ///< never says anything again; a client on a FakeStream finds its deadline passed
      endless,  ///< says the octets again and again
    };
    std::string octets;
    Then then = Then::go_on;
  };
  struct Message {
    std::string mail;                ///< the command
    std::vector<std::string> rcpts;  ///< those accepted
    std::string content;             ///< as on the wire of DATA, with stuffed dots; of BDAT the chunks
  };

  // What a test sets before the talk.
  std::vector<std::string> keywords = {"PIPELINING", "8BITMIME", "SIZE 1000000", "SMTPUTF8", "DSN"};
  bool lmtp = false;
  net::TlsContext* tls =
      nullptr;  ///< not owned; with one it knows STARTTLS, whose keyword is the test's matter
  /// Instead of the good answer, one after the other: by the start of the command ("RCPT", or longer),
  /// "greeting", and "." for the end of DATA. The longest start that fits counts.
  std::map<std::string, std::deque<Answer>> script;
  /// The AUTH command and each line after a 334.
  std::function<std::string(std::string_view line)> auth = [](std::string_view) {
    return "235 2.7.0 ok\r\n";
  };
  std::function<void()> before_answer = [] {};             ///< such as time that passes
  size_t hear_at_most = SIZE_MAX, say_at_most = SIZE_MAX;  ///< octets; then it hangs up

  // What it saw.
  std::vector<std::string> commands;
  std::string heard, said;  ///< all octets
  std::vector<Message> messages;
  size_t sent = 0;       ///< octets that the client had written when it hung up (FakeStream)
  int64_t deadline = 0;  ///< of the client, at a stall (FakeStream)
  size_t connections = 0;
  bool ended = false;

  /// Serves one end, which lasts until it has ended; returns the other. The peer must outlive both.
  std::unique_ptr<net::FakeStream> connect(net::Loop& loop);
  Task<> serve(std::unique_ptr<net::Stream> stream);

 private:
  struct Hangs {};  ///< thrown to end the talk

  Task<> talk();
  Task<> obey(std::string line);
  Task<> take_data();
  Task<> take_chunk(std::string_view arguments);
  Task<> take_auth(std::string line);
  Task<> answer(const std::string& to, std::string good);
  Task<> perform(Answer answer);
  Task<> say(std::string_view octets);
  Task<std::string> hear_line();
  Task<> hear_more();
  std::string hello() const;
  std::string verdict() const;

  std::unique_ptr<net::Stream> stream_;
  net::FakeStream *own_ = nullptr, *client_ = nullptr;  ///< when the stream is a fake one
  std::string input_, last_said_;
  Message message_;
};

}  // namespace futar
