#include "common/log/log.h"

#include <unistd.h>

#include <chrono>
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
constexpr size_t longest = 8192;  // text of a line
constexpr auto gathering = std::chrono::milliseconds(10);

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

// The calendar is asked once a second: it costs more than the rest of a line.
const std::string& stamp() {
  thread_local time_t told = -1;
  thread_local std::string text;
  const time_t seconds = system_clock().wall_ms() / 1000;
  if (seconds == told) return text;
  told = seconds;
  std::tm tm{};
  localtime_r(&seconds, &tm);
  char words[32];
  std::strftime(words, sizeof words, "%b %e %H:%M:%S", &tm);
  return text = words;
}

nlohmann::json as_json(const Writer& w, Level level, std::string_view clean) {
  return {{"time", rfc3339(system_clock().wall_ms())},
          {"level", word(level)},
          {"agent", w.agent},
          {"text", clean}};
}

std::string render(const Writer& w, Level level, std::string_view text) {
  const std::string clean = printable(text, longest);
  if (w.format == Format::json) return as_json(w, level, clean).dump() + "\n";
  const std::string prefix = level >= Level::warning ? std::string(word(level)) + ": " : "";
  if (w.journal) return fmt::format("<{}>{}{}\n", priority(level), prefix, clean);
  return fmt::format("{} {} {}[{}]: {}{}\n", stamp(), w.host, w.agent, ::getpid(), prefix, clean);
}

std::string render_mail(const Writer& w, std::string_view part, std::string_view text,
                        const std::vector<std::pair<std::string, std::string>>& values) {
  const std::string clean = printable(text, longest);
  if (w.format == Format::json) {
    nlohmann::json object = as_json(w, Level::info, clean);
    for (const auto& [key, value] : values)
      if (!object.contains(key)) object[key] = printable(value, longest);
    return object.dump() + "\n";
  }
  const std::string tagged = fmt::format("futar/{}[{}]: {}\n", part, ::getpid(), clean);
  return w.journal ? fmt::format("<{}>{}", priority(Level::info), tagged)
                   : fmt::format("{} {} {}", stamp(), w.host, tagged);
}

// `rendered` ends in a line end.
void put(Writer& w, const std::string& rendered) {
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

void write_until_stopped(Writer& w) {
  std::unique_lock lock(w.mutex);
  while (true) {
    w.wake.wait(lock, [&] { return w.stopping || !w.buffer.empty(); });
    if (w.buffer.empty()) return;
    w.wake.wait_for(lock, gathering, [&] { return w.stopping; });  // busy agents write many lines at once
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
  if (level >= w.least) put(w, render(w, level, text));
}

void mail(std::string_view part, std::string_view text,
          const std::vector<std::pair<std::string, std::string>>& values) {
  Writer& w = writer();
  if (Level::info >= w.least) put(w, render_mail(w, part, text, values));
}

Format format() { return writer().format; }

}  // namespace futar::log
