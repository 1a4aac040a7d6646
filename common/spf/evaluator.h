// An engine that may have to wait for its verdict: one here, or libspf2 in a process of its own.
#pragma once
#include "common/base/async.h"
#include "common/spf/spf.h"

namespace futar::spf {

class AsyncEvaluator {
 public:
  virtual ~AsyncEvaluator() = default;
  /// As SpfEvaluator::evaluate. Never throws. Request and answers must outlive it.
  virtual Task<Step> evaluate(const Request& request, const Answers& answers) = 0;
};

/// A pure engine, at once.
class InProcess final : public AsyncEvaluator {
 public:
  explicit InProcess(const SpfEvaluator& engine) : engine_(engine) {}
  Task<Step> evaluate(const Request& request, const Answers& answers) override {
    co_return engine_.evaluate(request, answers);
  }

 private:
  const SpfEvaluator& engine_;
};

}  // namespace futar::spf
