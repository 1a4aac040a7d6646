// The n-th system call of a kind fails, for n = 1, 2, 3 ... until none does: whatever was answered is true,
// nothing is lost, and after a restart and a repeat each recipient has the message once.
#include <fcntl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdarg>

#include "tests/mda/from_mta/post.h"

using namespace futar;
using namespace futar::mda;
using proto::OutcomeState;

namespace {

enum class Op { none, create, write, sync, rename };
std::atomic<Op> armed = Op::none;
std::atomic<int> countdown = 0, error_number = 0;
std::atomic<bool> fired = false;

bool fails(Op op) {
  if (armed != op || --countdown != 0) return false;
  fired = true;
  errno = error_number;
  return true;
}

}  // namespace

// This program's own calls, and those of the libraries in it (SQLite), come here instead of to libc.
extern "C" {
int openat(int at, const char* path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  const mode_t mode = flags & O_CREAT ? va_arg(rest, mode_t) : 0;
  va_end(rest);
  if ((flags & O_CREAT) && fails(Op::create)) return -1;
  return static_cast<int>(syscall(SYS_openat, at, path, flags, mode));
}
ssize_t writev(int fd, const iovec* parts, int count) {
  return fails(Op::write) ? -1 : syscall(SYS_writev, fd, parts, count);
}
ssize_t pwrite64(int fd, const void* octets, size_t size, off64_t offset) {
  return fails(Op::write) ? -1 : syscall(SYS_pwrite64, fd, octets, size, offset);
}
int fsync(int fd) { return fails(Op::sync) ? -1 : static_cast<int>(syscall(SYS_fsync, fd)); }
int fdatasync(int fd) { return fails(Op::sync) ? -1 : static_cast<int>(syscall(SYS_fdatasync, fd)); }
int renameat2(int from_at, const char* from, int to_at, const char* to, unsigned flags) noexcept {
  return fails(Op::rename) ? -1 : static_cast<int>(syscall(SYS_renameat2, from_at, from, to_at, to, flags));
}
}

namespace {

proto::DeliverItem message(const Post& post, const MessageId& id) {
  auto item = post.item(id);
  item.recipients = {Post::to(1, "bob@example.org"), Post::to(2, "eva@example.org")};
  return item;
}

/// One delivery with one failing call. False when the call was not reached.
bool deliver_with_fault(Op op, int n, int number) {
  Post post;
  run_task(*post.loop, [&]() -> Task<> { CHECK(co_await post.delivery->reopen_directory()); }());
  CHECK(post.take(post.new_id(), 100, "bob@example.org").state == OutcomeState::delivered);
  const MessageId id = post.new_id();
  fired = false;
  countdown = n;
  error_number = number;
  armed = op;
  const auto outcomes = post.take(message(post, id));
  armed = Op::none;

  for (const auto& outcome : outcomes) {
    const size_t here = outcome.row == 1 ? post.files("bob").size() - 1 : post.files("eva").size();
    CHECK(here == (outcome.state == OutcomeState::delivered ? 1 : 0));
    CHECK((outcome.state == OutcomeState::delivered || outcome.state == OutcomeState::later));
  }
  if (outcomes.size() < 2 || number == EIO) CHECK(post.broken.empty() == !fired);
  if (post.broken.empty()) {  // the daemon goes on: a repeat must do
    for (const auto& outcome : post.take(message(post, id))) CHECK(outcome.state == OutcomeState::delivered);
    CHECK(post.files("eva").size() == 1);
  }
  post.restart();
  for (const auto& outcome : post.take(message(post, id))) CHECK(outcome.state == OutcomeState::delivered);
  CHECK(post.files("bob").size() == 2);
  CHECK(post.files("eva").size() == 1);
  CHECK(post.staged().empty());
  return fired;
}

}  // namespace

TEST_CASE("whichever call fails, with no space or with an I/O error, the answers are true") {
  for (const Op op : {Op::create, Op::write, Op::sync, Op::rename})
    for (const int number : {ENOSPC, EIO}) {
      int n = 1;
      for (; n < 100; ++n) {
        CAPTURE(static_cast<int>(op));
        CAPTURE(number);
        CAPTURE(n);
        if (!deliver_with_fault(op, n, number)) break;
      }
      CHECK(n > 2);
      CHECK(n < 100);
    }
}
