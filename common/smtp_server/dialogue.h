// The dialogue of one session: the class behind serve(). Internal to smtp_server.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "common/smtp/bdat.h"
#include "common/smtp/capabilities.h"
#include "common/smtp/legality.h"
#include "common/smtp_server/channel.h"
#include "common/smtp_server/content.h"
#include "common/smtp_server/session.h"

namespace futar::smtp_server {

/// What follows from a command: its reply, and for a refusal the cause that only we see.
struct Step {
  enum class Then { go_on, close };
  std::optional<smtp::Reply> reply;  ///< none: the handler has said what there was to say
  std::string cause = {};
  Then then = Then::go_on;
  int errors = 1;                                  ///< what a refusal counts for
  std::optional<message::Envelope> envelope = {};  ///< of a refusal, where it is not the open transaction's

  static Step refuse(smtp::Reply reply, std::string cause) { return {std::move(reply), std::move(cause)}; }
  static Step refuse(Decision decision, message::Envelope envelope) {
    Step step{std::move(decision.refusal), std::move(decision.cause)};
    step.envelope = std::move(envelope);
    return step;
  }
};

class Dialogue {
 public:
  Dialogue(std::unique_ptr<net::Stream> stream, std::unique_ptr<Policy> policy, spool::Folder& spool,
           const Clock& clock, SessionOptions options);
  Task<> run();

 private:
  /// From MAIL to its end.
  struct MailTransaction {
    explicit MailTransaction(const spool::Folder& spool) : recipients_share(spool.share()) {}
    Transaction transaction;
    spool::MemoryShare recipients_share;
    smtp::ChunkStream chunks;
    std::optional<Content> content;  ///< from DATA or the first BDAT on
  };

  // session.cpp
  Task<> talk();
  Task<> greet();
  Task<> farewell(net::StreamClosed::Reason reason);
  Task<Line> read_line();
  Task<> obey(const Line& line);
  Task<Step> perform(const smtp::Command& command);
  void answer(std::string_view verb, const Step& step);
  smtp::Reply with_id(smtp::Reply reply) const;
  Task<> start_tls(net::TlsContext& context);
  smtp::SessionState state() const;
  smtp::Offer offer() const;
  bool is_secure() const { return client_.tls || client_.uid; }
  void reset();
  void set_deadline(int64_t timeout_ms);

  // One a verb; the command is legal now.
  Step greeted(std::string domain, bool extended);
  Task<Step> on(const smtp::Helo& helo);
  Task<Step> on(const smtp::Ehlo& ehlo);
  Task<Step> on(const smtp::Lhlo& lhlo);
  Task<Step> on(const smtp::StartTls& start_tls);
  Task<Step> on(const smtp::Auth& auth);
  Task<Step> on(const smtp::Rset& rset);
  Task<Step> on(const smtp::Noop& noop);
  Task<Step> on(const smtp::Quit& quit);
  Task<Step> on(const smtp::Vrfy& vrfy);
  Task<Step> on(const smtp::Help& help);

  // transaction.cpp
  Task<Step> on(const smtp::Mail& mail);
  Task<Step> on(const smtp::Rcpt& rcpt);
  Task<Step> on(const smtp::Data& data);
  Task<Step> on(const smtp::Bdat& bdat);
  Task<Step> skip_chunk(uint64_t size, Step refusal);
  Task<> need_input();
  Content& begin_content();
  Task<Step> complete(const smtp::Flaws& flaws);
  Step give_up(Decision decision, Step::Then then);
  Step conclude(message::Envelope envelope, Decision decision);
  void answer_all_but_last(const std::vector<message::Recipient>& recipients, const Decision& decision);

  std::unique_ptr<net::Stream> stream_;
  std::unique_ptr<Policy> policy_;
  spool::Folder& spool_;
  const Clock& clock_;
  SessionOptions options_;
  Channel channel_;
  Client client_;
  Capabilities capabilities_;
  MessageId id_;  ///< of the transaction, else of the connection
  std::unique_ptr<MailTransaction> mail_;
  int64_t progress_ms_;  ///< steady time of the connection or of the last accepted message
  int errors_ = 0;       ///< since then
  bool greeted_ = false;
  bool handshaking_ = false;
  bool closing_ = false;
};

}  // namespace futar::smtp_server
