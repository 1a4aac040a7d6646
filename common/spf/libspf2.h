// The second engine: libspf2 behind bars.
#pragma once
#include "common/spf/spf.h"

namespace futar::spf {

/// libspf2 judges which term matches; it sees nothing that anybody wrote. Records are parsed by our grammar
/// first, macros are expanded by us (CVE-2021-20314, -33912, -33913, CVE-2023-42118), each name becomes an
/// alias ("n3.a.invalid"), and its questions are answered from `answers`. What it does not count or gets
/// wrong is put right (README.md). Meant to run in a process of its own.
class Libspf2Evaluator final : public SpfEvaluator {
 public:
  std::string_view name() const override { return "libspf2"; }
  Step evaluate(const Request& request, const Answers& answers) const override;
};

}  // namespace futar::spf
