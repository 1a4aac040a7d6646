#include "common/spf/helper_process.h"

#include <fcntl.h>
#include <grp.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <ctime>
#include <vector>

#include "common/spf/helper_codec.h"
#include "common/spf/libspf2.h"
#include "common/spf/sandbox.h"

namespace futar::spf {

namespace {

constexpr int work_socket = 3;  // behind the standard descriptors
constexpr uid_t nobody = 65534;
constexpr int quick_ms = 1000;

int64_t steady_ms() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1'000'000;
}

void pause_for(int ms) {
  timespec rest{ms / 1000, ms % 1000 * 1'000'000L};
  while (::nanosleep(&rest, &rest) != 0 && errno == EINTR) {
  }
}

void arm(int timer, int ms) {
  const itimerval value{{0, 0}, {ms / 1000, ms % 1000 * 1000}};
  ::setitimer(static_cast<__itimer_which>(timer), &value, nullptr);
}

// The end of mta is the end of its socket.
[[noreturn]] void serve(HelperWork work, const HelperLimits& limits) {
  std::vector<char> buffer(max_helper_request);
  for (;;) {
    const ssize_t size = ::recv(work_socket, buffer.data(), buffer.size(), 0);
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) ::_exit(0);
    arm(ITIMER_PROF, limits.cpu_ms);
    arm(ITIMER_REAL, limits.real_ms);
    const std::string reply = work({buffer.data(), static_cast<size_t>(size)});
    arm(ITIMER_PROF, 0);
    arm(ITIMER_REAL, 0);
    if (!reply.empty()) (void)!::send(work_socket, reply.data(), reply.size(), MSG_NOSIGNAL);
  }
}

[[noreturn]] void be_worker(HelperWork work, const HelperLimits& limits, pid_t parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent || !enter(Sandbox::computes)) ::_exit(1);
  serve(work, limits);
}

// Nothing of mta's stays: its descriptors, its terminal's signals, its rights.
bool leave_home() {
  const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  if (null < 0) return false;
  for (int standard = 0; standard < work_socket; ++standard) ::dup2(null, standard);
  if (::close_range(work_socket + 1, ~0u, 0) != 0) return false;
  if (::getuid() == 0 && (::setgroups(0, nullptr) != 0 || ::setresgid(nobody, nobody, nobody) != 0 ||
                          ::setresuid(nobody, nobody, nobody) != 0))
    return false;
  for (const int signal : {SIGPROF, SIGALRM}) ::signal(signal, SIG_DFL);
  // A terminal or a supervisor tells all processes; mta ends in order, and its end is ours.
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) ::signal(signal, SIG_IGN);
  ::prctl(PR_SET_NAME, "futar-spf");
  return true;
}

[[noreturn]] void be_parent(HelperWork work, const HelperLimits& limits, pid_t mta) {
  if (!leave_home()) ::_exit(1);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != mta || !enter(Sandbox::forks)) ::_exit(1);
  const pid_t self = ::getpid();
  int pause_ms = limits.pause_ms;
  for (;;) {
    const int64_t begun = steady_ms();
    const pid_t worker = ::fork();
    if (worker == 0) be_worker(work, limits, self);
    int status = 0;
    if (worker > 0)
      while (::waitpid(worker, &status, 0) < 0 && errno == EINTR) {
      }
    if (worker > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0) ::_exit(0);
    if (::send(work_socket, worker_died.data(), worker_died.size(), MSG_NOSIGNAL | MSG_DONTWAIT) < 0 &&
        errno == EPIPE)
      ::_exit(0);
    pause_ms =
        steady_ms() - begun < quick_ms ? std::min(pause_ms * 2, limits.pause_most_ms) : limits.pause_ms;
    pause_for(pause_ms);
  }
}

}  // namespace

std::string evaluate_by_libspf2(std::string_view octets) {
  const auto request = decode_request(octets);
  if (!request) return "";
  return encode(request->id, Libspf2Evaluator().evaluate(request->request, request->answers));
}

Result<Fd> start_helper(HelperWork work, HelperLimits limits) {
  int pair[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
    return fail(errno_error(errno, "socketpair"));
  Fd ours(pair[0]), theirs(pair[1]);
  ::fcntl(ours.get(), F_SETFL, O_NONBLOCK);
  const pid_t self = ::getpid();
  const pid_t child = ::fork();
  if (child < 0) return fail(errno_error(errno, "fork"));
  if (child == 0) {
    if (theirs.get() != work_socket) ::dup2(theirs.get(), work_socket);
    be_parent(work, limits, self);
  }
  return ours;
}

}  // namespace futar::spf
