// Figures of an agent in the text format of Prometheus, version 0.0.4.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/base/histogram.h"

namespace futar::daemon {

/// Each sample carries the label agent. Samples of one name follow each other: name and help come once. No
/// label may hold an address or a domain: their number has no bound.
class Exposition {
 public:
  using Labels = std::vector<std::pair<std::string_view, std::string>>;
  explicit Exposition(std::string agent) : agent_(std::move(agent)) {}

  Exposition& gauge(std::string_view name, std::string_view help, double value, const Labels& labels = {});
  /// `name` ends in _total.
  Exposition& counter(std::string_view name, std::string_view help, uint64_t value,
                      const Labels& labels = {});
  /// `name` ends in _seconds.
  Exposition& histogram(std::string_view name, std::string_view help, const Histogram& histogram);

  const std::string& text() const { return text_; }

 private:
  void begin(std::string_view name, std::string_view help, std::string_view type);
  void sample(std::string_view name, const Labels& labels, const std::string& value);

  std::string agent_, text_, last_;
};

}  // namespace futar::daemon
