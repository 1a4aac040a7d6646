#include "proto/link/hello.h"

#include <fmt/format.h>

#include "common/base/text.h"

namespace futar::proto {

HelloVerdict judge_hello(const Hello& hello, const std::optional<Hello>& live, bool same_connection) {
  if (!live) return HelloVerdict::begin;
  if (!same_connection && is_copy(hello, *live)) return HelloVerdict::refuse;
  if (hello.started_ms > live->started_ms) return HelloVerdict::begin;
  if (!same_connection) return HelloVerdict::refuse;
  if (hello.started_ms < live->started_ms || hello.session < live->session) return HelloVerdict::stale;
  return hello.session == live->session ? HelloVerdict::repeat : HelloVerdict::begin;
}

bool is_copy(const Hello& hello, const Hello& live) {
  return !hello.folder.empty() && !live.folder.empty() && hello.folder != live.folder;
}

std::string host_of_folder(const std::string& folder) {
  return printable(folder.substr(0, folder.find(':')), 255);
}

std::string hello_flaw(const Hello& hello, std::string_view role) {
  constexpr size_t longest_instance = 64;
  if (hello.role != role)
    return fmt::format("this is the endpoint of {}, not of {}", role, printable(hello.role, 16));
  if (!speaks_with(hello.protocol))
    return fmt::format("protocol {} is too far from {}", hello.protocol, version);
  if (hello.instance.empty() || hello.instance.size() > longest_instance) return "no instance";
  return "";
}

}  // namespace futar::proto
