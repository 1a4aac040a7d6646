// How a config is put together from the file and the environment. Used by config.cpp alone.
#pragma once
#include <string>
#include <string_view>

#include "common/config/config.h"

namespace futar::config {

/// Collects settings into a Config, and all faults, so that the operator sees them at once.
class Reading {
 public:
  explicit Reading(Config config) : config_(std::move(config)) {}
  void read_file(std::string_view text, const std::string& file);
  void read_environment(const Environment& environment);
  Result<Config> finish();

 private:
  void set(const Option& option, Result<Value> value, const std::string& origin);
  void unknown(const std::string& name, const std::string& origin);
  void fault(const std::string& origin, std::string_view words);

  Config config_;
  std::vector<std::string> faults_;
};

/// The default of an option, as a value.
Value fallback_value(const Option& option);

}  // namespace futar::config
