// One message: its envelope in groups (RFC 2920), its content by DATA or BDAT (RFC 3030), what became of each
// recipient.
#include <numeric>

#include "common/smtp/dot_stream.h"
#include "common/smtp_client/commands.h"
#include "common/smtp_client/content.h"
#include "common/smtp_client/dialogue.h"

namespace futar::smtp_client {
namespace {

constexpr size_t group_size = 50;   ///< commands at once: their replies fit into any receive buffer
constexpr size_t chunks_ahead = 8;  ///< that are sent before the first of them is answered

struct Command {
  Stage stage;
  std::string line;
  size_t recipient = 0;
};

std::vector<Command> envelope_of(const PeerOffer& offer, const Transaction& transaction) {
  std::vector<Command> commands{{Stage::mail, mail_command(offer, transaction)}};
  for (size_t i = 0; i < transaction.recipients.size(); ++i)
    commands.push_back({Stage::rcpt, rcpt_command(offer, transaction.recipients[i]), i});
  // With BDAT no word is needed between the recipients and the content.
  if (!offer.chunking) commands.push_back({Stage::data, "DATA"});
  return commands;
}

}  // namespace

/// A transaction under way. A recipient is open until something has decided about it.
struct Dialogue::Sending {
  explicit Sending(Transaction t) : transaction(std::move(t)), results(transaction.recipients.size()) {
    open.resize(results.size());
    std::iota(open.begin(), open.end(), size_t{0});
  }

  void decide(size_t recipient, Observation observation) {
    taken |= observation.stage == Stage::dot && observation.is_good();
    RecipientResult& result = results[recipient];
    result.doubtful = observation.stage == Stage::dot && observation.trouble != Trouble::none;
    result.last = std::move(observation);
    std::erase(open, recipient);
  }
  void decide_open(const Observation& observation) {
    for (const size_t recipient : std::vector(open)) decide(recipient, observation);
  }

  const Transaction transaction;
  std::vector<RecipientResult> results;
  std::vector<size_t> open;  ///< in order
  bool taken = false;        ///< by the server, for somebody
};

Task<std::vector<RecipientResult>> Dialogue::send(Transaction transaction) {
  Sending sending(std::move(transaction));
  stage_ = Stage::mail;
  end_ms_ = clock_.steady_ms() + whole_ms(sending.transaction.size);
  Observation end = {Stage::mail, Trouble::closed, {}, "the session is over"};
  if (usable()) end = co_await guarded(transact(sending));
  sending.decide_open(end);
  for (RecipientResult& result : sending.results) result.dsn_asked = offer_.dsn;
  const bool begun = end.trouble == Trouble::none;
  if (alive_ && begun && !sending.taken) co_await guarded(reset());
  co_return std::move(sending.results);
}

Task<Observation> Dialogue::transact(Sending& sending) {
  if (std::string lacks = lacking(offer_, sending.transaction); !lacks.empty())
    co_return Observation{Stage::mail, Trouble::not_capable, {}, std::move(lacks)};
  Observation envelope = co_await send_envelope(sending);
  if (!envelope.is_good() || sending.open.empty()) co_return envelope;
  if (offer_.chunking) {
    Observation end = co_await send_chunks(sending);
    if (end.reply.code != 500 && end.reply.code != 502) co_return end;
    // It has read the content as commands: the less it gets to read, the better.
    close();
    co_return Observation{Stage::content, Trouble::garbage, std::move(end.reply),
                          "it announces CHUNKING and does not know BDAT"};
  }
  co_await send_data(sending);
  co_return co_await hear_verdicts(sending);
}

// One group at a time, without PIPELINING one command. Good: the content may follow, for those who are open.
Task<Observation> Dialogue::send_envelope(Sending& sending) {
  const std::vector<Command> commands = envelope_of(offer_, sending.transaction);
  if (!std::ranges::all_of(commands, is_one_line, &Command::line))
    co_return Observation{Stage::mail, Trouble::unreadable, {}, "a control character in the envelope"};
  ++transactions_;
  Observation mail, last;
  for (size_t next = 0; next < commands.size();) {
    // Nobody is left: what could DATA say?
    if (sending.open.empty()) co_return last;
    const size_t end = std::min(next + (offer_.pipelining ? group_size : 1), commands.size());
    std::string group;
    for (size_t i = next; i < end; ++i) group += commands[i].line + "\r\n";
    stage_ = commands[next].stage;
    co_await channel_.send(group, end - next, patience_ms(stage_));
    for (; next < end; ++next) {
      const Command& command = commands[next];
      last = {command.stage, Trouble::none, co_await hear(command.stage), {}};
      if (!alive_) co_return last;
      if (command.stage == Stage::mail) mail = last;
      if (command.stage == Stage::rcpt && !last.is_good()) sending.decide(command.recipient, last);
    }
    if (!mail.is_good()) sending.decide_open(mail);
  }
  // RFC 2920 §3.1: DATA went with a group of which nothing was accepted, and was believed. An empty message
  // ends it, and whatever is said to it does not matter.
  if (last.stage == Stage::data && last.is_good() && sending.open.empty()) co_await ask(Stage::dot, ".");
  co_return last;
}

// The dot goes out with the last octets of the content, so that it is written whole or not at all.
Task<> Dialogue::send_data(Sending& sending) {
  stage_ = Stage::content;
  Content content(sending.transaction);
  smtp::DotEncoder encoder;
  do {
    std::string wire;
    encoder.push(co_await content.next(), wire);
    if (content.at_end()) encoder.finish(wire);
    co_await channel_.send(wire, 0, patience_ms(Stage::content));
  } while (!content.at_end());
}

Task<Observation> Dialogue::hear_verdicts(Sending& sending) {
  Observation last = {Stage::dot, Trouble::none, co_await hear(Stage::dot), {}};
  if (!options_.lmtp) co_return last;
  // RFC 2033 §4.2: one reply for each recipient that was accepted.
  sending.decide(sending.open.front(), last);
  while (alive_ && !sending.open.empty()) {
    last.reply = co_await hear(Stage::dot);
    sending.decide(sending.open.front(), last);
  }
  co_return last;
}

// Chunks go ahead of their replies where the server takes groups. Once the last one is written, the server
// may have the message, whatever reply is still owed for those before it: that is the stage of the dot.
Task<Observation> Dialogue::send_chunks(Sending& sending) {
  Content content(sending.transaction);
  size_t owed = 0;
  Stage waiting = Stage::content;
  do {
    stage_ = Stage::content;
    const std::string piece = co_await content.next();
    const bool last = content.at_end();
    const std::string chunk = fmt::format("BDAT {}{}\r\n{}", piece.size(), last ? " LAST" : "", piece);
    co_await channel_.send(chunk, 1, patience_ms(Stage::content));
    if (last) waiting = Stage::dot;
    for (++owed; owed > (offer_.pipelining && !last ? chunks_ahead : 0) && !(last && owed == 1); --owed) {
      Said reply = co_await hear(waiting);
      if (reply.is_positive()) continue;
      // More replies may come than can be told apart.
      if (owed > 1) close();
      co_return Observation{waiting, Trouble::none, std::move(reply), {}};
    }
  } while (!content.at_end());
  co_return co_await hear_verdicts(sending);
}

Task<Observation> Dialogue::reset() {
  Said reply = co_await ask(Stage::reset, "RSET");
  if (!reply.is_positive()) alive_ = false;
  co_return Observation{Stage::reset, Trouble::none, std::move(reply), {}};
}

}  // namespace futar::smtp_client
