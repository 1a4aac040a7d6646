#include "tests/fakes/dns_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <stdexcept>

#include "common/base/text.h"
#include "tests/fakes/resolver.h"

namespace futar {

namespace {

constexpr int type_cname = 5, type_soa = 6, type_rrsig = 46;
constexpr size_t header_size = 12;

std::string u16(size_t value) {
  return {static_cast<char>(value >> 8 & 255), static_cast<char>(value & 255)};
}

std::string record(const std::string& name, int type, const std::string& rdata) {
  return name_wire(name) + u16(static_cast<size_t>(type)) + u16(1) + u16(0) + u16(300) + u16(rdata.size()) +
         rdata;
}

// EDNS with DO (RFC 6891 §6.1.2): the server would know DNSSEC.
std::string edns() { return std::string(1, '\0') + u16(41) + u16(1232) + u16(0) + u16(0x8000) + u16(0); }

std::string soa() {
  std::string numbers;
  for (const size_t number : {1, 3600, 600, 864000 & 0xFFFF, 5}) numbers += u16(0) + u16(number);
  return name_wire("ns.test") + name_wire("nobody.test") + numbers;
}

int bound(int kind, uint16_t port) {
  const int fd = socket(AF_INET, kind | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) return fd;
  close(fd);
  return -1;
}

uint16_t port_of(int fd) {
  sockaddr_in address{};
  socklen_t size = sizeof address;
  getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  return ntohs(address.sin_port);
}

}  // namespace

FakeDnsServer::FakeDnsServer() {
  for (int attempt = 0; attempt < 20 && !tcp_.is_open(); ++attempt) {  // one port for both
    udp_ = Fd(bound(SOCK_DGRAM, 0));
    port_ = port_of(udp_.get());
    tcp_ = Fd(bound(SOCK_STREAM, port_));
  }
  if (!tcp_.is_open() || listen(tcp_.get(), 16) != 0)
    throw std::runtime_error("no port for the DNS server of the test");
  add(".", type_soa, soa());
  thread_ = std::jthread([this](std::stop_token stop) { serve(stop); });
}

FakeDnsServer::~FakeDnsServer() = default;

std::string FakeDnsServer::at() const { return "127.0.0.1@" + std::to_string(port_); }

void FakeDnsServer::add(const std::string& line) {
  const Record record = parse_record(line);
  add(record.name, static_cast<int>(record.type), record.rdata);
}

void FakeDnsServer::add(const std::string& name, int type, const std::string& rdata) {
  const std::lock_guard lock(mutex_);
  records_[{name == "." ? "" : name, type}].push_back(rdata);
}

void FakeDnsServer::feel(const std::string& name, Mood mood) {
  const std::lock_guard lock(mutex_);
  moods_[name] = mood;
}

size_t FakeDnsServer::asked(const std::string& name, int type) const {
  const std::lock_guard lock(mutex_);
  return static_cast<size_t>(std::ranges::count(asked_, Question(name, type)));
}

size_t FakeDnsServer::asked() const {
  const std::lock_guard lock(mutex_);
  return asked_.size();
}

void FakeDnsServer::serve(std::stop_token stop) {
  while (!stop.stop_requested()) {
    pollfd waiting[] = {{udp_.get(), POLLIN, 0}, {tcp_.get(), POLLIN, 0}};
    poll(waiting, 2, 20);
    if (waiting[0].revents) serve_udp();
    if (waiting[1].revents) serve_tcp();
  }
}

void FakeDnsServer::serve_udp() {
  char query[2048];
  sockaddr_in peer{};
  socklen_t size = sizeof peer;
  auto* address = reinterpret_cast<sockaddr*>(&peer);
  const auto received = recvfrom(udp_.get(), query, sizeof query, 0, address, &size);
  if (received <= 0) return;
  const std::string answer = reply(std::string(query, static_cast<size_t>(received)), true);
  if (!answer.empty()) sendto(udp_.get(), answer.data(), answer.size(), 0, address, size);
}

void FakeDnsServer::serve_tcp() {
  const Fd peer(accept4(tcp_.get(), nullptr, nullptr, SOCK_CLOEXEC));
  char query[2048];
  const auto received = recv(peer.get(), query, sizeof query, 0);  // small: it comes as one segment
  if (received <= 2) return;
  const std::string answer = reply(std::string(query + 2, static_cast<size_t>(received) - 2), false);
  if (answer.empty()) return;
  const std::string framed = u16(answer.size()) + answer;
  send(peer.get(), framed.data(), framed.size(), MSG_NOSIGNAL);
}

std::string FakeDnsServer::reply(const std::string& query, bool udp) {
  size_t at = header_size;
  std::string name;
  while (at < query.size() && query[at]) {
    const size_t size = static_cast<uint8_t>(query[at]);
    name += (name.empty() ? "" : ".") + ascii_lower(query.substr(at + 1, size));
    at += size + 1;
  }
  if (at + 5 > query.size()) return "";
  const int type = static_cast<uint8_t>(query[at + 1]) << 8 | static_cast<uint8_t>(query[at + 2]);
  const std::string question = query.substr(header_size, at + 5 - header_size);

  const std::lock_guard lock(mutex_);
  asked_.emplace_back(name, type);
  const auto found = moods_.find(name);
  const Mood mood = found == moods_.end() ? Mood::answer : found->second;
  if (mood == Mood::silent) return "";
  if (mood == Mood::garbage) return query.substr(0, 2) + "\xff\xff\xff garbage";
  const bool cut = mood == Mood::truncated && udp;
  size_t count = 0;
  const std::string found_records = mood == Mood::servfail || cut ? "" : answers({name, type}, count);
  const bool exists =
      std::ranges::any_of(records_, [&](const auto& entry) { return entry.first.first == name; });
  const size_t rcode = mood == Mood::servfail ? 2 : exists ? 0 : 3;
  const bool denies = count == 0 && mood != Mood::servfail && !cut;
  // QR, RD, RA, and TC where it is cut (RFC 1035 §4.1.1)
  return query.substr(0, 2) + u16(0x8180 | (cut ? 0x0200 : 0) | rcode) + u16(1) + u16(count) + u16(denies) +
         u16(1) + question + found_records + (denies ? record("", type_soa, soa()) : "") + edns();
}

std::string FakeDnsServer::answers(const Question& question, size_t& count) const {
  std::string out;
  const auto put = [&](int type, const std::string& rdata) {
    out += record(question.first, type, rdata);
    ++count;
  };
  const auto records = records_.find(question);
  const auto alias = records_.find({question.first, type_cname});
  if (records != records_.end()) {
    for (const auto& rdata : records->second) put(question.second, rdata);
  } else if (alias != records_.end()) {
    put(type_cname, alias->second.front());  // the resolver asks on
  }
  if (const auto signatures = records_.find({question.first, type_rrsig}); signatures != records_.end())
    for (const auto& rdata : signatures->second)
      if (rdata.starts_with(u16(static_cast<size_t>(question.second)))) put(type_rrsig, rdata);
  return out;
}

}  // namespace futar
