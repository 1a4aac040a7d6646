// MAIL, RCPT and the two ways in which content comes.
#include "common/smtp/dot_stream.h"
#include "common/smtp/replies.h"
#include "common/smtp_server/dialogue.h"

namespace futar::smtp_server {

namespace replies = smtp::replies;

namespace {

constexpr size_t recipients_always_taken = 100;  // RFC 5321 §4.5.3.1.8

// What it takes in memory; a vector that grows may hold twice what it needs.
size_t octets_of(const message::Recipient& recipient) {
  return 2 * sizeof recipient + recipient.address.local.size() + recipient.address.domain.size() +
         recipient.parameters.orcpt.size();
}

}  // namespace

Task<Step> Dialogue::on(const smtp::Mail& mail) {
  if (auto refusal = smtp::check_offered(offer(), mail))
    co_return Step::refuse(*std::move(refusal), "not offered");
  id_ = MessageId::make(clock_);
  client_.smtputf8 = mail.parameters.smtputf8;
  Decision decision = co_await policy_->sender(client_, id_, mail);
  if (!decision.may_go_on()) {
    reset();
    co_return Step::refuse(std::move(decision), {mail.reverse_path, mail.parameters, {}});
  }
  mail_ = std::make_unique<MailTransaction>(spool_);
  mail_->transaction.id = id_;
  mail_->transaction.envelope.reverse_path = mail.reverse_path;
  mail_->transaction.envelope.parameters = mail.parameters;
  co_return Step{replies::sender_ok()};
}

Task<Step> Dialogue::on(const smtp::Rcpt& rcpt) {
  message::Envelope& envelope = mail_->transaction.envelope;
  const bool memory_short = envelope.recipients.size() >= recipients_always_taken && spool_.is_memory_short();
  if (envelope.recipients.size() >= capabilities_.max_recipients || memory_short) {
    // No error of the client: it sends the rest in another transaction (RFC 5321 §4.5.3.1.10).
    Step step = Step::refuse(replies::too_many_recipients(),
                             memory_short ? "memory is short" : "over the limit of recipients");
    step.errors = 0;
    co_return step;
  }
  if (auto refusal = smtp::check_offered(offer(), envelope.parameters, rcpt))
    co_return Step::refuse(*std::move(refusal), "not offered");
  Decision decision = co_await policy_->recipient(client_, id_, envelope, rcpt);
  if (!decision.may_go_on())
    co_return Step::refuse(
        std::move(decision),
        {envelope.reverse_path, envelope.parameters, {{rcpt.forward_path, rcpt.parameters}}});
  envelope.recipients.push_back({rcpt.forward_path, rcpt.parameters});
  mail_->recipients_share.add(octets_of(envelope.recipients.back()));
  co_return Step{replies::recipient_ok()};
}

Content& Dialogue::begin_content() {
  if (!mail_->content) mail_->content.emplace(spool_, id_, capabilities_.max_size);
  return *mail_->content;
}

Task<> Dialogue::need_input() {
  if (!channel_.input().empty()) co_return;
  set_deadline(options_.data_timeout_ms);
  co_await channel_.fill();
}

Task<Step> Dialogue::on(const smtp::Data&) {
  Content& content = begin_content();
  channel_.send(replies::start_data());
  smtp::DotDecoder decoder;
  while (!decoder.done()) {
    co_await need_input();
    std::string_view octets = channel_.input();
    const size_t arrived = octets.size();
    for (auto run = decoder.next(octets); !run.empty(); run = decoder.next(octets))
      co_await content.append(run);
    channel_.consume(arrived - octets.size());
    if (content.is_hopeless()) co_return give_up(content.judge(decoder.flaws()), Step::Then::close);
  }
  co_return co_await complete(decoder.flaws());
}

Task<Step> Dialogue::on(const smtp::Bdat& bdat) {
  Content& content = begin_content();
  if (content.is_hopeless(bdat.size))
    co_return give_up(Decision::refuse(replies::message_too_big(), "chunk over the limit"),
                      Step::Then::close);
  smtp::ChunkStream& chunks = mail_->chunks;
  chunks.begin(bdat);
  while (!chunks.chunk_done()) {
    co_await need_input();
    std::string_view octets = channel_.input();
    const std::string_view run = chunks.next(octets);
    co_await content.append(run);
    channel_.consume(run.size());
  }
  if (bdat.last) {
    co_await content.append(chunks.finish());
    co_return co_await complete(chunks.flaws());
  }
  Decision so_far = content.judge(chunks.flaws());
  if (!so_far.may_go_on()) co_return give_up(std::move(so_far), Step::Then::go_on);
  co_return Step{replies::chunk_ok(bdat.size)};
}

// The chunk of a refused BDAT comes all the same, and is content, not commands (RFC 3030 §2).
Task<Step> Dialogue::skip_chunk(uint64_t size, Step refusal) {
  if (capabilities_.max_size && size > 2 * capabilities_.max_size) {
    refusal.then = Step::Then::close;
    co_return refusal;
  }
  while (size > 0) {
    co_await need_input();
    const uint64_t used = std::min<uint64_t>(size, channel_.input().size());
    channel_.consume(used);
    size -= used;
  }
  co_return refusal;
}

Step Dialogue::give_up(Decision decision, Step::Then then) {
  Step step = Step::refuse(std::move(decision), std::move(mail_->transaction.envelope));
  step.then = then;
  reset();
  return step;
}

// Whatever comes of it, the transaction is over. The 250 is said only after `accept` has made the message
// durable.
Task<Step> Dialogue::complete(const smtp::Flaws& flaws) {
  const auto mail = std::move(mail_);
  message::Envelope envelope = mail->transaction.envelope;  // the policy may take the other
  Decision decision = mail->content->judge(flaws);
  if (decision.may_go_on()) decision = co_await mail->content->finish(mail->transaction);
  if (decision.may_go_on()) decision = co_await policy_->accept(client_, mail->transaction);
  if (decision.may_go_on()) {
    mail->content->keep();
    progress_ms_ = clock_.steady_ms();
    errors_ = 0;
  }
  reset();
  co_return conclude(std::move(envelope), std::move(decision));
}

Step Dialogue::conclude(message::Envelope envelope, Decision decision) {
  if (options_.lmtp) answer_all_but_last(envelope.recipients, decision);
  if (!decision.may_go_on()) return Step::refuse(std::move(decision), std::move(envelope));
  return {options_.lmtp ? replies::delivered(envelope.recipients.back().address) : replies::queued(id_)};
}

// RFC 2033 §4.2: one reply for each recipient.
void Dialogue::answer_all_but_last(const std::vector<message::Recipient>& recipients,
                                   const Decision& decision) {
  for (size_t i = 0; i + 1 < recipients.size(); ++i)
    channel_.send(decision.refusal ? with_id(*decision.refusal) : replies::delivered(recipients[i].address));
}

}  // namespace futar::smtp_server
