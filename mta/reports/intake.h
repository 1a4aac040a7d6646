// Reports that arrive by mail: beside their delivery they are parsed and kept.
#pragma once
#include <deque>
#include <functional>
#include <optional>
#include <string>

#include "common/base/clock.h"
#include "common/base/ids.h"
#include "common/directory/directory.h"
#include "common/message/envelope.h"
#include "common/net/workers.h"
#include "common/spool/body.h"
#include "common/store/writer.h"

namespace futar::mta {

/// By its header alone: a TLS report's multipart (RFC 8460 §5.3), a packed attachment as the whole message,
/// or the subject of a DMARC report (RFC 7489 §7.2.1.1).
bool may_be_report(std::string_view header);

class Intake {
 public:
  using DirectoryNow = std::function<const directory::Directory&()>;

  Intake(net::Loop& loop, net::Workers& workers, store::Writer& writer, const spool::Folder& spool,
         const Clock& clock, DirectoryNow directory)
      : loop_(loop),
        workers_(workers),
        writer_(writer),
        spool_(spool),
        clock_(clock),
        directory_(std::move(directory)) {}

  /// A message that may bring a report, whole.
  struct Arrived {
    MessageId id;
    std::string header, body;
    spool::MemoryShare share;
  };
  /// Before its body is given away. None when it brings no report, has no recipient of ours, is too large, or
  /// too much waits.
  Task<std::optional<Arrived>> keep(const MessageId& id, const message::Envelope& envelope,
                                    const std::string& header, const spool::Body& body);
  /// It was accepted: parsed and stored in the background, one after the other.
  void take(Arrived arrived);

 private:
  Task<> work();
  Task<> store_reports(const Arrived& arrived);

  net::Loop& loop_;
  net::Workers& workers_;
  store::Writer& writer_;
  const spool::Folder& spool_;
  const Clock& clock_;
  DirectoryNow directory_;
  std::deque<Arrived> waiting_;
  bool working_ = false;
};

}  // namespace futar::mta
