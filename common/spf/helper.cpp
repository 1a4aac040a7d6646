#include "common/spf/helper.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

#include "common/base/text.h"
#include "common/spf/helper_codec.h"
#include "common/spf/helper_process.h"

namespace futar::spf {

namespace {

Step temperror(const Request& request, std::string why) {
  Verdict verdict;
  verdict.outcome = Outcome::temperror;
  verdict.identity = request.sender.is_null() ? Identity::helo : request.identity;
  verdict.domain = printable(request.judged().domain, 255);
  verdict.reason = std::move(why);
  return verdict;
}

}  // namespace

Helper::Helper(net::Loop& loop, Fd socket, int64_t limit_ms)
    : loop_(loop),
      socket_(std::move(socket)),
      limit_ms_(limit_ms),
      watch_(std::make_unique<net::ReadWatch>(loop, socket_.get(), [this] { hear(); })) {}

Task<Step> Helper::evaluate(const Request& request, const Answers& answers) {
  const auto job = std::make_shared<Job>(loop_);
  job->id = ++last_id_;
  job->octets = encode(job->id, request, answers);
  if (job->octets.size() > max_helper_request)
    co_return temperror(request, "the DNS says more than libspf2 is asked about");
  if (!socket_.is_open()) co_return temperror(request, "libspf2's process is gone");
  waiting_.push_back(job);
  pump();
  co_await job->done.wait_for(limit_ms_);
  // Whoever waited too long leaves; what comes for it later has an id that nobody has.
  std::erase(waiting_, job);
  if (running_ == job) {
    running_ = nullptr;
    pump();
  }
  co_return job->step ? *std::move(job->step) : temperror(request, job->step.error().text);
}

void Helper::pump() {
  while (!running_ && !waiting_.empty() && socket_.is_open()) {
    running_ = std::move(waiting_.front());
    waiting_.pop_front();
    const std::string& octets = running_->octets;
    const ssize_t sent = ::send(socket_.get(), octets.data(), octets.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent == static_cast<ssize_t>(octets.size())) return;
    end(fail(Error::temporary("libspf2's process takes no questions")));
  }
}

void Helper::end(Result<Step> step) {
  const auto job = std::exchange(running_, nullptr);
  if (!job) return;
  job->step = std::move(step);
  job->done.open();
}

// The last worker has gone and nobody makes another.
void Helper::close() {
  watch_.reset();
  socket_.reset();
  const auto gone = [] { return fail(Error::temporary("libspf2's process is gone")); };
  end(gone());
  for (const auto& job : std::exchange(waiting_, {})) {
    job->step = gone();
    job->done.open();
  }
}

void Helper::hear() {
  char buffer[max_helper_reply];
  const ssize_t size = ::recv(socket_.get(), buffer, sizeof buffer, MSG_DONTWAIT | MSG_TRUNC);
  if (size < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (size <= 0) return close();
  const std::string_view octets(buffer, std::min(static_cast<size_t>(size), sizeof buffer));
  if (octets == worker_died) {
    ++crashes_;
    end(fail(Error::temporary("libspf2's process died over it")));
  } else if (auto reply = decode_reply(octets); !reply) {
    end(fail(reply.error()));
  } else if (running_ && reply->id == running_->id) {
    end(std::move(reply->step));
  }
  pump();
}

}  // namespace futar::spf
