#include "common/dns/single_server.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <random>

#include "common/base/file.h"
#include "common/base/text.h"
#include "common/dns/rdata.h"
#include "common/dns/wire.h"
#include "common/net/socket.h"

namespace futar::dns {
namespace {

constexpr int64_t waits_ms[] = {1'000, 2'000, 3'000};
constexpr int most_aliases = 8;
constexpr int rcode_format = 1, rcode_servfail = 2, rcode_no_name = 3, rcode_not_implemented = 4,
              rcode_refused = 5;

Answer failure(std::string why) {
  Answer answer;
  answer.why = std::move(why);
  return answer;
}

Fd connect_to(const net::Endpoint& server, int kind) {
  const net::SocketAddress address = net::to_kernel(server);
  Fd fd(::socket(address.storage.ss_family, kind | SOCK_CLOEXEC, 0));
  if (!fd.is_open()) return fd;
  const timeval limit{.tv_sec = waits_ms[2] / 1000, .tv_usec = 0};  // of connect() and send() on TCP
  ::setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  if (::connect(fd.get(), address.get(), address.size) != 0) fd.reset();
  return fd;
}

// What the socket has next, "" when the time is over or it is closed.
std::string receive(const Fd& fd, const Clock& clock, int64_t until_ms) {
  for (;;) {
    const int64_t left = until_ms - clock.steady_ms();
    pollfd wait{.fd = fd.get(), .events = POLLIN, .revents = 0};
    const int ready = left > 0 ? ::poll(&wait, 1, static_cast<int>(left)) : 0;
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0) return "";
    std::string octets(65'535, '\0');
    const ssize_t got = ::recv(fd.get(), octets.data(), octets.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    octets.resize(static_cast<size_t>(std::max<ssize_t>(got, 0)));
    return octets;
  }
}

bool transmit(const Fd& fd, std::string_view octets) {
  return fd.is_open() &&
         ::send(fd.get(), octets.data(), octets.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(octets.size());
}

std::optional<Reply> over_udp(const net::Endpoint& server, const std::string& query, const Clock& clock,
                              int64_t until_ms) {
  const Fd fd = connect_to(server, SOCK_DGRAM);
  if (!transmit(fd, query)) return std::nullopt;
  for (std::string octets; !(octets = receive(fd, clock, until_ms)).empty();)
    if (auto reply = decode_reply(octets, query)) return reply;
  return std::nullopt;
}

// RFC 1035 §4.2.2: the size in two octets goes ahead.
std::optional<Reply> over_tcp(const net::Endpoint& server, const std::string& query, const Clock& clock,
                              int64_t until_ms) {
  const Fd fd = connect_to(server, SOCK_STREAM);
  const std::string size{static_cast<char>(query.size() >> 8), static_cast<char>(query.size() & 0xFF)};
  if (!transmit(fd, size + query)) return std::nullopt;
  std::string octets;
  for (;;) {
    const size_t wanted = octets.size() < 2 ? 0
                                            : static_cast<size_t>(static_cast<uint8_t>(octets[0])) << 8 |
                                                  static_cast<uint8_t>(octets[1]);
    if (octets.size() >= 2 && octets.size() >= 2 + wanted)
      return decode_reply(std::string_view(octets).substr(2, wanted), query);
    const std::string more = receive(fd, clock, until_ms);
    if (more.empty()) return std::nullopt;
    octets += more;
  }
}

std::string words_of(int rcode) {
  if (rcode == rcode_servfail) return "SERVFAIL";
  return rcode == rcode_refused ? "REFUSED" : fmt::format("rcode {}", rcode);
}

// The records that were asked for, behind the aliases in the reply; where those lead, into `name`.
Answer gather(const Reply& reply, std::string& name, Type type) {
  Answer answer;
  const auto next = [&]() -> const WireRecord* {
    const auto found = std::ranges::find_if(reply.answers, [&](const WireRecord& record) {
      return record.owner == name && record.type == static_cast<uint16_t>(Type::cname);
    });
    return found == reply.answers.end() ? nullptr : &*found;
  };
  if (type != Type::cname)
    for (int i = 0; i < most_aliases; ++i)
      if (const WireRecord* alias = next()) name = alias->rdata;
  for (const WireRecord& record : reply.answers)
    if (record.owner == name && record.type == static_cast<uint16_t>(type)) {
      answer.rdata.push_back(record.rdata);
      answer.ttl_s = record.ttl_s;
    }
  using enum Answer::Status;
  answer.status = !answer.rdata.empty() ? ok : reply.rcode == rcode_no_name ? no_name : no_data;
  return answer;
}

}  // namespace

SingleServer::SingleServer(net::Endpoint server, const Clock& clock, int64_t limit_ms)
    : server_(std::move(server)), clock_(clock), until_ms_(clock.steady_ms() + limit_ms) {}

Task<Answer> SingleServer::ask(std::string name, Type type) { co_return look_up(name, type); }

// One question with its repeats.
std::expected<Reply, std::string> SingleServer::exchange(const std::string& name, Type type) const {
  bool edns = true;
  std::random_device random;
  for (const int64_t wait_ms : waits_ms) {
    const int64_t now = clock_.steady_ms(), until = std::min(now + wait_ms, until_ms_);
    if (now >= until_ms_) return std::unexpected("the DNS took too long");
    const std::string query = encode_query(static_cast<uint16_t>(random()), name, type, edns);
    auto reply = over_udp(server_, query, clock_, until);
    if (reply && reply->truncated) reply = over_tcp(server_, query, clock_, until);
    if (!reply) continue;
    if (edns && (reply->rcode == rcode_format || reply->rcode == rcode_not_implemented)) {
      edns = false;  // RFC 6891 §7
      continue;
    }
    if (reply->rcode != 0 && reply->rcode != rcode_no_name) return std::unexpected(words_of(reply->rcode));
    return *std::move(reply);
  }
  return std::unexpected(fmt::format("no answer from {}", server_.text()));
}

Answer SingleServer::look_up(const std::string& name, Type type) const {
  Answer answer;
  answer.status = Answer::Status::no_name;
  answer.canonical_name = ascii_lower(name.ends_with('.') ? name.substr(0, name.size() - 1) : name);
  auto wire = encode_name(name);
  if (!wire) return answer;  // nobody can have it
  for (int i = 0; i < most_aliases; ++i) {
    const auto reply = exchange(*wire, type);
    if (!reply) return failure(reply.error());
    std::string canonical = std::exchange(answer.canonical_name, "");
    const std::string before = *wire;
    answer = gather(*reply, *wire, type);
    if (*wire != before) {
      const auto led = parse_name(*wire);
      if (!led) return failure("a CNAME leads to an odd name");
      canonical = *led;
    }
    answer.canonical_name = std::move(canonical);
    if (answer.has_records() || *wire == before || reply->rcode == rcode_no_name) return answer;
  }
  return failure("too many CNAMEs");
}

}  // namespace futar::dns
