// Signs what leaves in our name, once, before the queue stores it: so all attempts carry the same octets.
#pragma once
#include <string>
#include <vector>

#include "common/event/event.h"
#include "common/spool/message_store.h"
#include "mta/sign/keyring.h"

namespace futar::mta {

/// What became of one message.
struct Signature {
  std::string fields;  ///< to put on top of the header; "" = it is not signed
  std::string by;      ///< "example.org 20261124r 20261124e", as the message's row keeps it
  event::Event event;
};

/// Whose message it is: a notification of our own is signed by the first of our domains when its From, which
/// names the host, lies in none.
enum class Author : uint8_t { user, ourselves };

class MailSigner {
 public:
  MailSigner(const Keyring& keyring, net::Workers& workers, const spool::Folder& spool, const Clock& clock,
             Keyring::DirectoryNow directory)
      : keyring_(keyring),
        workers_(workers),
        spool_(spool),
        clock_(clock),
        directory_(std::move(directory)) {}

  /// One each, in order, by the workers, which read bodies piece by piece. The messages must outlive it. An
  /// error is one of our disk.
  Task<Result<std::vector<Signature>>> sign(std::vector<const spool::Message*> messages, Author author) const;

 private:
  struct Job;
  Job prepare(const spool::Message& message, Author author) const;

  const Keyring& keyring_;
  net::Workers& workers_;
  const spool::Folder& spool_;
  const Clock& clock_;
  Keyring::DirectoryNow directory_;
};

/// The domain of ours that signs for a domain in From: itself or the nearest above it, so that the signature
/// is aligned (RFC 7489 §3.1.1); "" when none is ours.
std::string signing_domain(const directory::Directory& directory, std::string domain);

/// "selector a", "selectors a, b" of Signature::by.
std::string selectors_in_words(std::string_view by);

}  // namespace futar::mta
