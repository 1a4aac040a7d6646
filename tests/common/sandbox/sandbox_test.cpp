#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <net/if.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <thread>

#include "common/base/file.h"
#include "common/sandbox/landlock.h"
#include "common/sandbox/server_calls.h"

using namespace futar;

namespace {

// In a child, since there is no way back. The number of the first deed that did not end as it should; 0:
// none.
int in_child(const std::function<int()>& deed) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(deed());
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

bool refused(long result, int error = EPERM) { return result < 0 && errno == error; }

// Landlock's answer to what touches a file, or leads out of the granted folders.
bool locked(long result) { return result < 0 && (errno == EACCES || errno == EXDEV); }

struct Folders {
  Folders() {
    char pattern[] = "/tmp/futar-sandbox-XXXXXX";
    top = ::mkdtemp(pattern);
    for (const char* name : {"readable", "mine", "other", "pids"})
      REQUIRE(::mkdir(at(name).c_str(), 0755) == 0);
    for (const char* name : {"readable/a", "mine/a", "other/a", "single"}) write(name);
  }
  ~Folders() { std::filesystem::remove_all(top); }
  Folders(const Folders&) = delete;
  Folders& operator=(const Folders&) = delete;

  std::string at(const std::string& name) const { return top + "/" + name; }
  void write(const std::string& name) const {
    const Fd fd(::open(at(name).c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
    REQUIRE(::write(fd.get(), "text", 4) == 4);
  }
  long open(const std::string& name, int flags = O_RDONLY) const {
    const Fd fd(::open(at(name).c_str(), flags | O_CLOEXEC, 0600));
    return fd.get();
  }
  long make(const std::string& name) const { return open(name, O_WRONLY | O_CREAT | O_EXCL); }
  long rename(const std::string& from, const std::string& to) const {
    return ::rename(at(from).c_str(), at(to).c_str());
  }

  std::string top;
};

uint16_t listen_somewhere(const Fd& socket) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  REQUIRE(::bind(socket.get(), reinterpret_cast<sockaddr*>(&address), length) == 0);
  REQUIRE(::listen(socket.get(), 8) == 0);
  REQUIRE(::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &length) == 0);
  return ntohs(address.sin_port);
}

long tcp(decltype(&::connect) deed, uint16_t port) {
  const Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  return deed(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
}

bool has_landlock(int abi) {
  if (sandbox::landlock_abi() >= abi) return true;
  MESSAGE("SKIPPED: the kernel has Landlock ABI " << sandbox::landlock_abi() << ", not " << abi);
  return false;
}

Fd tcp_socket() { return Fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)); }

}  // namespace

TEST_CASE("files outside the granted folders are closed, those inside stay open, also new ones") {
  if (!has_landlock(sandbox::landlock_least)) return;
  const Folders in;
  CHECK(in_child([&] {
          const sandbox::Grants grants{.read = {in.at("readable"), in.at("single"), in.at("not there")},
                                       .write = {in.at("mine")},
                                       .make_files = {in.at("pids")}};
          if (!sandbox::enter_landlock(grants)) return 1;
          if (in.open("readable/a") < 0 || in.open("single") < 0 || in.open("mine/a", O_RDWR) < 0) return 2;
          if (!locked(in.open("other/a")) || !locked(in.open("other", O_DIRECTORY))) return 3;
          if (!locked(in.open("readable/a", O_WRONLY)) || !locked(in.make("readable/b"))) return 4;
          if (in.make("mine/b") < 0 || in.rename("mine/b", "mine/a") != 0) return 5;
          if (::mkdir(in.at("mine/below").c_str(), 0700) != 0 || in.rename("mine/a", "mine/below/a") != 0)
            return 6;
          if (!locked(in.rename("mine/below/a", "other/b")) || !locked(::unlink(in.at("other/a").c_str())))
            return 7;
          if (in.make("pids/x") < 0 || in.rename("pids/x", "pids/y") != 0) return 8;
          if (!locked(in.open("pids/y")) || !locked(::mkdir(in.at("pids/z").c_str(), 0700))) return 9;
          if (!locked(::mknod(in.at("mine/fifo").c_str(), S_IFIFO | 0600, 0))) return 10;
          return 0;
        }) == 0);
}

TEST_CASE("a thread that is started afterwards has the same walls") {
  if (!has_landlock(sandbox::landlock_least)) return;
  const Folders in;
  CHECK(in_child([&] {
          if (!sandbox::enter_landlock({.read = {in.at("readable")}}) ||
              !sandbox::refuse_what_no_server_needs())
            return 1;
          int found = 2;
          std::thread([&] {
            found = in.open("readable/a") < 0     ? 3
                    : !locked(in.open("other/a")) ? 4
                    : !refused(::fork())          ? 5
                                                  : 0;
          }).join();
          return found;
        }) == 0);
}

TEST_CASE("TCP goes to the granted ports alone") {
  if (!has_landlock(4)) return;
  const Fd first = tcp_socket(), second = tcp_socket();
  const uint16_t granted = listen_somewhere(first), other = listen_somewhere(second);
  CHECK(in_child([&] {
          if (!sandbox::enter_landlock({.connect = std::vector{granted}, .bind = {}})) return 1;
          if (tcp(::connect, granted) != 0) return 2;
          if (!locked(tcp(::connect, other))) return 3;
          if (!locked(tcp(::bind, 0))) return 4;
          return 0;
        }) == 0);
  CHECK(in_child([&] {
          if (!sandbox::enter_landlock({.bind = {0}})) return 1;
          if (tcp(::connect, granted) != 0 || tcp(::connect, other) != 0 || tcp(::bind, 0) != 0) return 2;
          return 0;
        }) == 0);
}

TEST_CASE("signals go to this process alone, and abstract sockets of others are closed") {
  if (!has_landlock(6)) return;
  const Fd listener(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)),
      socket(::socket(AF_UNIX, SOCK_STREAM, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  socklen_t length = sizeof(sa_family_t);  // the kernel chooses an abstract name
  REQUIRE(::bind(listener.get(), reinterpret_cast<sockaddr*>(&address), length) == 0);
  REQUIRE(::listen(listener.get(), 8) == 0);
  length = sizeof address;
  REQUIRE(::getsockname(listener.get(), reinterpret_cast<sockaddr*>(&address), &length) == 0);
  const auto connect = [&] {
    return ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), length);
  };
  CHECK(in_child([&] {
          if (!sandbox::enter_landlock({})) return 1;
          return !refused(::kill(::getppid(), 0)) ? 2
                 : ::kill(::getpid(), 0) != 0     ? 3
                 : !refused(connect())            ? 4
                                                  : 0;
        }) == 0);
  CHECK(in_child([&] {
          if (!sandbox::enter_landlock({.abstract_sockets = true})) return 1;
          return connect() == 0 ? 0 : 2;
        }) == 0);
}

TEST_CASE("a path is judged by where it leads") {
  const Folders in;
  std::filesystem::create_symlink(in.at("other/a"), in.at("readable/link"));
  CHECK(sandbox::is_below(in.at("readable/a"), {in.at("readable")}));
  CHECK(sandbox::is_below(in.at("readable"), {in.at("readable")}));
  CHECK(!sandbox::is_below(in.at("readable/link"), {in.at("readable")}));
  CHECK(sandbox::is_below(in.at("readable/link"), {in.at("readable"), in.at("other")}));
  CHECK(!sandbox::is_below(in.at("other/a"), {in.at("oth")}));
  CHECK(!sandbox::is_below(in.at("not there"), {in.top}));
  CHECK(sandbox::is_below(in.at("other/a"), {"/"}));
}

TEST_CASE("a server makes no process and no program, and touches no other") {
  CHECK(in_child([] {
          const pid_t parent = ::getppid();
          if (!sandbox::refuse_what_no_server_needs()) return 1;
          char* const none[] = {nullptr};
          if (!refused(::execve("/bin/true", none, none))) return 2;
          if (!refused(::syscall(SYS_execveat, AT_FDCWD, "/bin/true", none, none, 0))) return 3;
          if (!refused(::fork()) || !refused(::vfork())) return 4;
          if (!refused(::syscall(SYS_clone3, nullptr, 0), ENOSYS)) return 5;
          if (!refused(::syscall(SYS_clone, CLONE_THREAD | CLONE_NEWUSER, 0, 0, 0, 0))) return 6;
          if (!refused(::ptrace(PTRACE_TRACEME, 0, 0, 0))) return 7;
          if (!refused(::kill(parent, 0)) || ::kill(::getpid(), 0) != 0) return 8;
          if (!refused(::syscall(SYS_tgkill, parent, parent, 0))) return 9;
          return 0;
        }) == 0);
}

TEST_CASE("a server has threads, IP and UNIX sockets and memory, and no other kind of them") {
  CHECK(in_child([] {
          if (!sandbox::refuse_what_no_server_needs()) return 1;
          int done = 0;
          std::thread([&] { done = 1; }).join();
          if (done != 1) return 2;
          for (const int family : {AF_UNIX, AF_INET, AF_INET6})
            if (const Fd fd(::socket(family, SOCK_STREAM, 0)); !fd.is_open() && errno != EAFNOSUPPORT)
              return 3;
          if (const auto* names = ::if_nameindex(); !names) return 4;  // netlink
          for (const int family : {AF_PACKET, AF_ALG, AF_VSOCK})
            if (!refused(::socket(family, SOCK_RAW, 0))) return 5;
          void* page = ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
          if (page == MAP_FAILED || !refused(::mprotect(page, 4096, PROT_READ | PROT_EXEC))) return 6;
          if (::mmap(nullptr, 4096, PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED)
            return 7;
          return ::raise(0) == 0 ? 0 : 8;
        }) == 0);
}

TEST_CASE(
    "a server changes nothing of the machine; calls newer than the list are answered like an older "
    "kernel's") {
  CHECK(in_child([] {
          if (!sandbox::refuse_what_no_server_needs()) return 1;
          if (!refused(::syscall(SYS_mount, "a", "b", "c", 0, nullptr))) return 2;
          if (!refused(::syscall(SYS_unshare, CLONE_NEWUSER)) || !refused(::syscall(SYS_setns, 0, 0)))
            return 3;
          if (!refused(::syscall(SYS_bpf, 0, nullptr, 0)) || !refused(::syscall(SYS_keyctl, 0, 0))) return 4;
          if (!refused(::syscall(SYS_io_uring_setup, 1, nullptr))) return 5;
          if (!refused(::syscall(SYS_kexec_load, 0, 0, nullptr, 0))) return 6;
          if (!refused(::syscall(SYS_finit_module, 0, "", 0))) return 7;
          if (!refused(::syscall(1'000'000), ENOSYS) || !refused(::syscall(470), ENOSYS)) return 8;
          return 0;
        }) == 0);
}
