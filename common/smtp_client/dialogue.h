// The session behind Session: one coroutine from top to bottom, by stages that never go back. Internal to
// smtp_client.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/smtp_client/channel.h"
#include "common/smtp_client/session.h"
#include "common/smtp_client/stage.h"

namespace futar::smtp_client {

class Dialogue {
 public:
  Dialogue(std::unique_ptr<net::Stream> stream, const Clock& clock, Options options);

  Task<Observation> open();
  Task<std::vector<RecipientResult>> send(Transaction transaction);
  Task<> quit();

  bool usable() const;
  const PeerOffer& offer() const { return offer_; }
  const net::Stream& stream() const { return *stream_; }
  const std::string& host_said() const { return host_said_; }
  size_t transactions() const { return transactions_; }

 private:
  struct Sending;

  /// Runs a step; whatever breaks it becomes an observation at the stage that was reached, and closes the
  /// stream.
  Task<Observation> guarded(Task<Observation> step);
  /// How long to wait now: for the stage, but in a transaction not longer than what is left for the whole of
  /// it. Nothing left: Broken.
  int64_t patience_ms(Stage stage) const;
  /// Says a command and hears its reply.
  Task<Said> ask(Stage stage, std::string command);
  /// The next reply, which belongs to this stage; its class must fit. 421 ends the session.
  Task<Said> hear(Stage stage);

  // session.cpp
  Task<Observation> begin();
  Task<> start_tls();
  Task<Observation> greet();
  Task<Observation> secure(Observation in_clear);
  Task<Observation> log_in();
  Task<Said> exchange(Mechanism& mechanism);
  Task<Result<std::string>> answer(Mechanism& mechanism, std::string challenge);
  Task<Observation> say_quit();

  // transaction.cpp
  Task<Observation> transact(Sending& sending);
  Task<Observation> send_envelope(Sending& sending);
  Task<> send_data(Sending& sending);
  Task<Observation> send_chunks(Sending& sending);
  Task<Observation> hear_verdicts(Sending& sending);
  Task<Observation> reset();

  void close();

  std::unique_ptr<net::Stream> stream_;
  const Clock& clock_;
  Options options_;
  Channel channel_;
  PeerOffer offer_;
  std::string host_said_;
  size_t transactions_ = 0;
  int64_t end_ms_ = 0;  ///< steady time: of the transaction, without the reply to its dot
  Stage stage_ = Stage::greeting;
  bool alive_ = true;   ///< the server may be spoken to
  bool ready_ = false;  ///< open() went well
};

}  // namespace futar::smtp_client
