// Our own engine.
#pragma once
#include "common/spf/spf.h"

namespace futar::spf {

/// RFC 7208 in full, in the order of its check_host() (§4).
class NativeEvaluator final : public SpfEvaluator {
 public:
  std::string_view name() const override { return "native"; }
  Step evaluate(const Request& request, const Answers& answers) const override;
};

}  // namespace futar::spf
