// MTA-STS records and policies from anybody: what is taken keeps to the RFC's bounds, and allows no host that
// no pattern ends.
#include "mta/outbound/mta_sts.h"

#include <algorithm>
#include <cstdlib>

using namespace futar;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto id = mta::parse_sts_record(text))
    if (id->empty() || id->size() > 32 || !mta::choose_sts_record({std::string(text), "v=spf1"}))
      std::abort();
  const auto policy = mta::parse_sts_policy(text);
  if (!policy) return 0;
  if (policy->max_age_s < 0 || policy->max_age_s > mta::max_sts_age_s) std::abort();
  if (policy->mx.empty() && policy->mode != mta::StsPolicy::Mode::none) std::abort();
  for (const std::string& pattern : policy->mx) {
    const bool wild = pattern.starts_with("*.");
    if (!mta::allows(*policy, wild ? "a" + pattern.substr(1) : pattern)) std::abort();
    if (std::ranges::count(pattern, '*') != (wild ? 1 : 0)) std::abort();
  }
  return 0;
}
