// The lines of one AUTH command (RFC 4954 §4). Internal to smtp_server.
#pragma once
#include <functional>
#include <optional>
#include <string>

#include "common/smtp_server/channel.h"
#include "common/smtp_server/policy.h"

namespace futar::smtp_server {

class LineExchange final : public AuthExchange {
 public:
  using ReadLine = std::function<Task<Line>()>;
  LineExchange(std::string mechanism, std::optional<std::string> initial, std::string channel_binding,
               Channel& channel, ReadLine read_line)
      : mechanism_(std::move(mechanism)),
        initial_(std::move(initial)),
        channel_binding_(std::move(channel_binding)),
        channel_(channel),
        read_line_(std::move(read_line)) {}

  const std::string& mechanism() const override { return mechanism_; }
  const std::optional<std::string>& initial() const override { return initial_; }
  std::string channel_binding() const override { return channel_binding_; }
  Task<std::optional<std::string>> challenge(std::string octets) override;

  /// Why the client's last line ended the exchange; none while it goes on.
  const std::optional<smtp::Reply>& failure() const { return failure_; }

 private:
  std::string mechanism_;
  std::optional<std::string> initial_;
  std::string channel_binding_;
  Channel& channel_;
  ReadLine read_line_;
  std::optional<smtp::Reply> failure_;
};

}  // namespace futar::smtp_server
