// libspf2 in its own process, as seen from the io thread: one request at a time, each with a time limit.
#pragma once
#include <cstdint>
#include <deque>
#include <memory>

#include "common/base/file.h"
#include "common/net/gate.h"
#include "common/net/loop.h"
#include "common/net/read_watch.h"
#include "common/spf/evaluator.h"

namespace futar::spf {

class Helper final : public AsyncEvaluator {
 public:
  /// `socket`: of start_helper().
  Helper(net::Loop& loop, Fd socket, int64_t limit_ms = 6000);

  /// What Libspf2Evaluator says. A crash, a hang, or a request over the bounds is a temperror of this request
  /// alone; the next one finds a new process.
  Task<Step> evaluate(const Request& request, const Answers& answers) override;

  uint64_t crashes() const { return crashes_; }

 private:
  struct Job {
    explicit Job(net::Loop& loop) : done(loop) {}
    uint64_t id = 0;
    std::string octets;
    Result<Step> step = fail(Error::temporary("libspf2 did not answer in time"));
    net::Gate done;
  };
  void pump();
  void hear();
  void end(Result<Step> step);
  void close();

  net::Loop& loop_;
  Fd socket_;
  int64_t limit_ms_;
  uint64_t last_id_ = 0, crashes_ = 0;
  std::deque<std::shared_ptr<Job>> waiting_;
  std::shared_ptr<Job> running_;
  std::unique_ptr<net::ReadWatch> watch_;
};

}  // namespace futar::spf
