#include "common/log/log.h"

#include <unistd.h>

#include <condition_variable>
#include <cstdlib>
#include <ctime>
#include <mutex>
#include <nlohmann/json.hpp>
#include <thread>

#include "common/base/clock.h"
#include "common/base/text.h"

namespace futar::log {
namespace {

constexpr size_t buffer_limit = 4 << 20;

struct Writer {
  std::string agent = "futar";
  Format format = Format::postfix;
  Level least = Level::info;
  int fd = 2;
  bool journal = std::getenv("JOURNAL_STREAM") != nullptr;
  std::string host;

  std::mutex mutex;
  std::condition_variable wake;
  std::string buffer;  // guarded by mutex, as all below
  uint64_t dropped = 0;
  bool stopping = false;
  std::thread thread;
};

// Never destroyed: a line may be written while the program ends.
Writer& writer() {
  static Writer& instance = *new Writer;
  return instance;
}

void write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t n = ::write(fd, text.data(), text.size());
    if (n <= 0) return;
    text.remove_prefix(static_cast<size_t>(n));
  }
}

int priority(Level level) {
  switch (level) {
    case Level::debug:
      return 7;
    case Level::info:
      return 6;
    case Level::warning:
      return 4;
    case Level::error:
      return 3;
  }
  return 6;
}

std::string_view word(Level level) {
  constexpr std::string_view words[] = {"debug", "info", "warning", "error"};
  return words[static_cast<int>(level)];
}

std::string render(const Writer& w, Level level, std::string_view text) {
  const int64_t now = system_clock().wall_ms();
  const std::string clean = printable(text, 8192);
  if (w.format == Format::json)
    return nlohmann::json{{"time", rfc3339(now)}, {"level", word(level)}, {"agent", w.agent}, {"text", clean}}
               .dump() +
           "\n";
  const std::string prefix = level >= Level::warning ? std::string(word(level)) + ": " : "";
  if (w.journal) return fmt::format("<{}>{}{}\n", priority(level), prefix, clean);
  const time_t seconds = now / 1000;
  std::tm tm{};
  localtime_r(&seconds, &tm);
  char stamp[32];
  std::strftime(stamp, sizeof stamp, "%b %e %H:%M:%S", &tm);
  return fmt::format("{} {} {}[{}]: {}{}\n", stamp, w.host, w.agent, ::getpid(), prefix, clean);
}

void write_until_stopped(Writer& w) {
  std::unique_lock lock(w.mutex);
  while (true) {
    w.wake.wait(lock, [&] { return w.stopping || !w.buffer.empty(); });
    if (w.buffer.empty()) return;
    std::string text = std::exchange(w.buffer, {});
    if (const uint64_t lost = std::exchange(w.dropped, 0); lost > 0)
      text += render(w, Level::warning,
                     fmt::format("{} log lines dropped: the log is slower than the mail", lost));
    lock.unlock();
    write_all(w.fd, text);
    lock.lock();
  }
}

}  // namespace

void configure(std::string agent, Format format, Level least, int fd) {
  Writer& w = writer();
  char name[256] = "localhost";
  ::gethostname(name, sizeof name - 1);
  w.host = std::string(split(name, '.').front());
  w.agent = std::move(agent);
  w.format = format;
  w.least = least;
  w.fd = fd;
}

void start() {
  Writer& w = writer();
  if (w.thread.joinable()) return;
  w.stopping = false;
  w.thread = std::thread([&w] { write_until_stopped(w); });
}

void stop() {
  Writer& w = writer();
  if (!w.thread.joinable()) return;
  {
    std::lock_guard lock(w.mutex);
    w.stopping = true;
  }
  w.wake.notify_one();
  w.thread.join();
}

void line(Level level, std::string_view text) {
  Writer& w = writer();
  if (level < w.least) return;
  const std::string rendered = render(w, level, text);
  if (!w.thread.joinable()) return write_all(w.fd, rendered);
  bool wake = false;
  {
    std::lock_guard lock(w.mutex);
    if (w.buffer.size() + rendered.size() > buffer_limit) {
      ++w.dropped;
      return;
    }
    wake = w.buffer.empty();
    w.buffer += rendered;
  }
  if (wake) w.wake.notify_one();
}

}  // namespace futar::log
