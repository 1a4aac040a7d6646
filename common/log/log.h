// Log lines: buffered, written by a thread of their own, never blocking the io thread. What does not fit is
// counted and told. The words of a message's events are made in event/, not here.
#pragma once
#include <fmt/format.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace futar::log {

enum class Level { debug, info, warning, error };
enum class Format { postfix, json };

/// Lines go to `fd` (stderr by default), each as "Nov 24 14:02:07 HOST AGENT[PID]: text" or, under systemd's
/// journal (JOURNAL_STREAM) or in a container, "<prio>text". Until start() lines are written at once.
void configure(std::string agent, Format format, Level least = Level::info, int fd = 2);
void start();  ///< starts the writer thread; after the last fork
void stop();   ///< writes what is buffered

void line(Level level, std::string_view text);

/// What happened to mail, as an agent's `part` would tell it in Postfix: the tag is "futar/PART[PID]", so
/// that programs that read Postfix's log find it. As JSON the line has `values` as further keys.
void mail(std::string_view part, std::string_view text,
          const std::vector<std::pair<std::string, std::string>>& values);
Format format();

template <class... A>
void debug(fmt::format_string<A...> format, A&&... a) {
  line(Level::debug, fmt::format(format, std::forward<A>(a)...));
}
template <class... A>
void info(fmt::format_string<A...> format, A&&... a) {
  line(Level::info, fmt::format(format, std::forward<A>(a)...));
}
template <class... A>
void warning(fmt::format_string<A...> format, A&&... a) {
  line(Level::warning, fmt::format(format, std::forward<A>(a)...));
}
template <class... A>
void error(fmt::format_string<A...> format, A&&... a) {
  line(Level::error, fmt::format(format, std::forward<A>(a)...));
}

}  // namespace futar::log
