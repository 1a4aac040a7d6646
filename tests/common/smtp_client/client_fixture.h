// One client session against a scripted peer.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/net/tls_context.h"
#include "common/smtp_client/session.h"
#include "tests/fakes/clock.h"
#include "tests/fakes/scripted_peer.h"
#include "tests/fakes/stream.h"

namespace futar::smtp_client {

inline net::TlsContext& tls_context() {
  static const std::shared_ptr<net::TlsContext> context = *net::TlsContext::client("");
  return *context;
}

/// Reads its content from a string.
inline Transaction transaction_of(std::string content,
                                  std::vector<std::string> recipients = {"b@example.org"},
                                  size_t piece = SIZE_MAX) {
  Transaction transaction;
  transaction.reverse_path = *smtp::parse_address("a@example.com");
  for (const std::string& recipient : recipients)
    transaction.recipients.push_back({*smtp::parse_address(recipient), {}});
  transaction.size = content.size();
  transaction.read = [content = std::move(content), piece](uint64_t offset) -> Task<Result<std::string>> {
    co_return content.substr(offset, piece);
  };
  return transaction;
}

struct ClientFixture {
  net::Loop loop;
  FakeClock clock;
  ScriptedPeer peer;
  Options options;
  net::Fault fault;
  size_t read_at_most = SIZE_MAX;
  std::string tls_failure;
  net::StreamClosed::Reason tls_failed_by = net::StreamClosed::Reason::tls_failed;

  // What the session saw.
  Observation opened;
  std::vector<std::vector<RecipientResult>> results;  ///< one a transaction that it could send
  PeerOffer offer;
  std::string host_said;
  size_t transactions = 0;
  bool usable = false;  ///< before QUIT
  std::optional<net::TlsExpectation> expectation;

  ClientFixture() {
    options.hello = "client.example";
    options.context = &tls_context();
  }

  /// Opens, sends all, says QUIT; whatever the peer does.
  void run(std::vector<Transaction> mail = {}) {
    net::run(loop, [&]() -> Task<> {
      auto stream = peer.connect(loop);
      net::FakeStream* const end = stream.get();
      end->fault = &fault;
      end->read_at_most = read_at_most;
      end->tls_failure = tls_failure;
      end->tls_failed_by = tls_failed_by;
      Session session(std::move(stream), clock, options);
      opened = co_await session.open();
      for (Transaction& transaction : mail)
        if (session.usable()) results.push_back(co_await session.send(std::move(transaction)));
      usable = session.usable();
      offer = session.offer();
      host_said = session.host_said();
      transactions = session.transactions();
      expectation = end->expectation();
      co_await session.quit();
      while (!peer.ended) co_await loop.sleep(0);
    });
  }
  void run(Transaction transaction) {
    std::vector<Transaction> mail;
    mail.push_back(std::move(transaction));
    run(std::move(mail));
  }

  const RecipientResult& result(size_t recipient = 0, size_t transaction = 0) const {
    return results.at(transaction).at(recipient);
  }
};

}  // namespace futar::smtp_client
