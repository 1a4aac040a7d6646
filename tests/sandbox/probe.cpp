// LD_PRELOAD under an agent: on SIGUSR2 it tries what a sandbox must refuse and writes what came of it.
//
//   FUTAR_PROBE=FILE      the attempts, a line each: WORD ARGUMENT; see attempts.py. Read anew for each
//   signal. FUTAR_PROBE_OUT=FILE  gets "WORD ARGUMENT: ERRNO" for each, 0 = it was allowed, then "end"
//   FUTAR_LANDLOCK_ABI=N  the kernel seems to have Landlock of this ABI; 0: none
//
// Both files are opened before the agent runs. SIGUSR2 should come while it is idle: dprintf() is no call for
// handlers.
#include <arpa/inet.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdarg>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace {

int in = -1, out = -1;
char text[1 << 16];

long closing(int fd) {
  if (fd >= 0) close(fd);
  return fd;
}

long tcp(decltype(&connect) deed, const char* port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<uint16_t>(std::atoi(port)));
  const long result = deed(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  const int error = errno;
  close(fd);
  errno = error;
  return result;
}

long connect_abstract(const char* name) {
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path + 1, name, sizeof address.sun_path - 2);
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + std::strlen(name));
  const long result = connect(fd, reinterpret_cast<const sockaddr*>(&address), length);
  const int error = errno;
  close(fd);
  errno = error;
  return result;
}

// By the bare call: fork() of libc would run handlers of the agent.
long try_fork() {
  const long child = syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
  if (child == 0) _exit(0);
  if (child > 0) waitpid(static_cast<pid_t>(child), nullptr, 0);
  return child;
}

long make_executable() {
  void* page = mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  const long result = mprotect(page, 4096, PROT_READ | PROT_EXEC);
  const int error = errno;
  munmap(page, 4096);
  errno = error;
  return result;
}

long attempt(const char* word, const char* argument) {
  const auto is = [&](const char* other) { return std::strcmp(word, other) == 0; };
  const int number = std::atoi(argument);
  char* const none[] = {nullptr};
  if (is("read")) return closing(open(argument, O_RDONLY | O_CLOEXEC));
  if (is("make")) return closing(open(argument, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
  if (is("folder")) return mkdir(argument, 0700);
  if (is("unlink")) return unlink(argument);
  if (is("exec")) return execve(argument, none, none);
  if (is("fork")) return try_fork();
  if (is("signal")) return kill(number, 0);
  if (is("trace")) return ptrace(PTRACE_SEIZE, number, nullptr, nullptr);
  if (is("socket")) return closing(socket(number, SOCK_RAW | SOCK_CLOEXEC, 0));
  if (is("connect")) return tcp(connect, argument);
  if (is("bind")) return tcp(bind, argument);
  if (is("abstract")) return connect_abstract(argument);
  if (is("namespace")) return unshare(CLONE_NEWUSER);
  if (is("mount")) return mount("none", argument, "tmpfs", 0, nullptr);
  if (is("call")) return syscall(number, 0, 0, 0, 0, 0, 0);
  if (is("executable")) return make_executable();
  errno = EINVAL;
  return -1;
}

void try_all(int) {
  const int before = errno;
  const ssize_t size = pread(in, text, sizeof text - 1, 0);
  text[size < 0 ? 0 : size] = '\0';
  for (char* line = text; *line != '\0';) {
    char *blank = std::strchr(line, ' '), *end = blank ? std::strchr(blank, '\n') : nullptr;
    if (!end) break;
    *blank = *end = '\0';
    errno = 0;
    const long result = attempt(line, blank + 1);
    dprintf(out, "%s %s: %d\n", line, blank + 1, result < 0 ? errno : 0);
    line = end + 1;
  }
  dprintf(out, "end\n");
  errno = before;
}

__attribute__((constructor)) void begin() {
  const char *from = std::getenv("FUTAR_PROBE"), *to = std::getenv("FUTAR_PROBE_OUT");
  if (!from || !to) return;
  in = open(from, O_RDONLY | O_CREAT | O_CLOEXEC, 0600);
  out = open(to, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (in < 0 || out < 0) std::abort();
  struct sigaction action{};
  action.sa_handler = try_all;
  action.sa_flags = SA_RESTART;
  sigaction(SIGUSR2, &action, nullptr);
}

}  // namespace

// Only the question for the version is answered here; with it the agent chooses what it asks the kernel for.
extern "C" long syscall(long number, ...) noexcept {
  va_list list;
  va_start(list, number);
  long a[6];
  for (long& one : a) one = va_arg(list, long);
  va_end(list);
  const char* abi = number == 444 && (a[2] & 1) ? std::getenv("FUTAR_LANDLOCK_ABI") : nullptr;
  if (abi && std::atoi(abi) > 0) return std::atoi(abi);
  if (abi) {
    errno = ENOSYS;
    return -1;
  }
  using Call = long (*)(long, ...);
  static const auto next = reinterpret_cast<Call>(dlsym(RTLD_NEXT, "syscall"));
  return next(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}
