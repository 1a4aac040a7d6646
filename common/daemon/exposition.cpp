#include "common/daemon/exposition.h"

#include <fmt/format.h>

namespace futar::daemon {
namespace {

std::string escaped(std::string_view value) {
  std::string out;
  for (char c : value) {
    if (c == '\\' || c == '"') out += '\\';
    if (c == '\n')
      out += "\\n";
    else
      out += c;
  }
  return out;
}

}  // namespace

void Exposition::begin(std::string_view name, std::string_view help, std::string_view type) {
  if (last_ == name) return;
  last_ = name;
  text_ += fmt::format("# HELP {} {}\n# TYPE {} {}\n", name, help, name, type);
}

void Exposition::sample(std::string_view name, const Labels& labels, const std::string& value) {
  text_ += fmt::format("{}{{agent=\"{}\"", name, escaped(agent_));
  for (const auto& [label, text] : labels) text_ += fmt::format(",{}=\"{}\"", label, escaped(text));
  text_ += fmt::format("}} {}\n", value);
}

Exposition& Exposition::gauge(std::string_view name, std::string_view help, double value,
                              const Labels& labels) {
  begin(name, help, "gauge");
  sample(name, labels, fmt::format("{}", value));
  return *this;
}

Exposition& Exposition::counter(std::string_view name, std::string_view help, uint64_t value,
                                const Labels& labels) {
  begin(name, help, "counter");
  sample(name, labels, std::to_string(value));
  return *this;
}

Exposition& Exposition::histogram(std::string_view name, std::string_view help, const Histogram& histogram) {
  begin(name, help, "histogram");
  const std::string bucket = fmt::format("{}_bucket", name);
  uint64_t up_to = 0;
  for (size_t i = 0; i < Histogram::bounds_ms.size(); ++i) {
    up_to += histogram.counts()[i];
    const double seconds = static_cast<double>(Histogram::bounds_ms[i]) / 1000;
    sample(bucket, {{"le", fmt::format("{}", seconds)}}, std::to_string(up_to));
  }
  up_to += histogram.counts().back();
  sample(bucket, {{"le", "+Inf"}}, std::to_string(up_to));
  sample(fmt::format("{}_sum", name), {}, fmt::format("{}", static_cast<double>(histogram.sum_ms()) / 1000));
  sample(fmt::format("{}_count", name), {}, std::to_string(up_to));
  return *this;
}

}  // namespace futar::daemon
