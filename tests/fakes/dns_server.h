// A DNS server on loopback, UDP and TCP, that answers from a table and misbehaves on demand.
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "common/base/file.h"

namespace futar {

/// Knows the SOA of the root, so it denies what it does not know; signatures (RRSIG) go out with what they
/// cover. Its thread runs from construction to destruction.
class FakeDnsServer {
 public:
  enum class Mood : uint8_t {
    answer,
    silent,     ///< no answer at all
    servfail,   ///< rcode 2
    truncated,  ///< whole only over TCP
    garbage,    ///< octets that are no DNS message
  };

  FakeDnsServer();
  ~FakeDnsServer();

  std::string at() const;             ///< "127.0.0.1@PORT"
  void add(const std::string& line);  ///< as in tests/fakes/resolver.h
  void add(const std::string& name, int type, const std::string& rdata);
  void feel(const std::string& name, Mood mood);  ///< toward questions for this name
  size_t asked(const std::string& name, int type) const;
  size_t asked() const;

 private:
  using Question = std::pair<std::string, int>;
  void serve(std::stop_token stop);
  void serve_udp();
  void serve_tcp();
  std::string reply(const std::string& query, bool udp);  ///< "": none
  std::string answers(const Question& question, size_t& count) const;

  mutable std::mutex mutex_;
  std::map<Question, std::vector<std::string>> records_;
  std::map<std::string, Mood> moods_;
  std::vector<Question> asked_;
  Fd udp_, tcp_;
  uint16_t port_ = 0;
  std::jthread thread_;
};

}  // namespace futar
