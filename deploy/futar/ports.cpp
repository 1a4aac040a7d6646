#include "deploy/futar/ports.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <optional>
#include <set>

#include "common/base/file.h"
#include "common/base/text.h"

namespace futar::deploy {
namespace {

namespace fs = std::filesystem;

template <class T>
std::optional<T> parse_hex(std::string_view text) {
  T value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// Words of 32 bits, each in the order of this machine: little-endian, as on all that Debian makes us for.
std::optional<net::IpAddress> parse_address(std::string_view text) {
  if (text.size() != 8 && text.size() != 32) return std::nullopt;
  uint8_t octets[16]{};
  for (size_t i = 0; i < text.size() / 2; ++i) {
    const auto octet = parse_hex<unsigned>(text.substr(2 * i, 2));
    if (!octet) return std::nullopt;
    octets[i / 4 * 4 + 3 - i % 4] = static_cast<uint8_t>(*octet);
  }
  return text.size() == 8 ? net::IpAddress::v4(octets) : net::IpAddress::v6(octets);
}

std::optional<Listening> parse_line(std::string_view line) {
  std::vector<std::string_view> words;
  for (const auto word : split(line, ' '))
    if (!word.empty()) words.push_back(word);
  if (words.size() < 10 || words[3] != "0A") return std::nullopt;  // 0A: listening
  const auto colon = words[1].find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const auto address = parse_address(words[1].substr(0, colon));
  const auto port = parse_hex<uint16_t>(words[1].substr(colon + 1));
  const auto inode = parse_number(words[9]);
  if (!address || !port || !inode) return std::nullopt;
  return Listening{{*address, *port}, *inode};
}

std::string read_or_empty(const std::string& path) { return read_file(path, 64u << 20).value_or(""); }

std::string program_of(int pid) {
  return std::string(trim(read_or_empty(fmt::format("/proc/{}/comm", pid))));
}

// We, our parent, and so on.
std::set<int> ancestors() {
  std::set<int> found;
  int pid = ::getpid();
  while (pid > 1 && found.insert(pid).second) {
    const std::string stat = read_or_empty(fmt::format("/proc/{}/stat", pid));
    const auto after_name = stat.rfind(')');  // pid (name) state parent
    if (after_name == std::string::npos) break;
    const auto words = split(std::string_view(stat).substr(after_name + 1), ' ');
    pid = words.size() > 2 ? static_cast<int>(parse_number(words[2]).value_or(0)) : 0;
  }
  return found;
}

bool has_socket(const fs::path& process, const std::string& link) {
  std::error_code error;
  for (fs::directory_iterator at(process / "fd", error), end; !error && at != end; at.increment(error))
    if (fs::read_symlink(at->path(), error) == link) return true;
  return false;
}

std::vector<int> holders(uint64_t inode) {
  const std::string link = fmt::format("socket:[{}]", inode);
  std::vector<int> found;
  std::error_code error;
  for (fs::directory_iterator at("/proc", error), end; !error && at != end; at.increment(error))
    if (const auto pid = parse_number(at->path().filename().string()); pid && has_socket(at->path(), link))
      found.push_back(static_cast<int>(*pid));
  return found;
}

bool clash(const net::Endpoint& wanted, const net::Endpoint& held) {
  return wanted.port == held.port &&
         (wanted.address == held.address || wanted.address.is_any() || held.address.is_any());
}

}  // namespace

std::vector<Listening> parse_listening(std::string_view text) {
  std::vector<Listening> all;
  for (const auto line : split(text, '\n'))
    if (const auto one = parse_line(line)) all.push_back(*one);
  return all;
}

std::vector<std::string> taken_ports(const std::vector<std::string>& endpoints) {
  auto held = parse_listening(read_or_empty("/proc/net/tcp"));
  for (const Listening& one : parse_listening(read_or_empty("/proc/net/tcp6"))) held.push_back(one);
  const std::set<int> ours = ancestors();
  std::set<std::string> sentences;
  for (const std::string& text : endpoints) {
    const auto wanted = net::Endpoint::parse(text);
    const auto other =
        std::ranges::find_if(held, [&](const auto& one) { return wanted && clash(*wanted, one.endpoint); });
    if (other == held.end()) continue;
    const auto pids = holders(other->inode);
    const bool is_ours = std::ranges::any_of(pids, [&](int pid) {
      return pid == 1 || ours.contains(pid) || program_of(pid).starts_with("futar-");
    });
    if (is_ours) continue;
    sentences.insert(
        pids.empty()
            ? fmt::format("port {} is taken; root would see by whom", wanted->port)
            : fmt::format("port {} is taken by {} (pid {}): it has to go before our agents can start",
                          wanted->port, printable(program_of(pids[0]), 40), pids[0]));
  }
  return {sentences.begin(), sentences.end()};
}

}  // namespace futar::deploy
