// The coroutine around an engine: asks what it names until there is a verdict.
#pragma once
#include <memory>

#include "common/base/async.h"
#include "common/net/loop.h"
#include "common/spf/evaluator.h"

namespace futar::spf {

/// One question at a time, in all at most `limit_ms` (RFC 7208 §4.6.4): temperror then. Never throws.
/// `answers` holds what is known and gets what is asked, so that the second identity or the second engine
/// asks only what is new. Evaluator, resolver and loop outlive the questions.
Task<Verdict> check(AsyncEvaluator& evaluator, dns::Resolver& resolver, net::Loop& loop, Request request,
                    std::shared_ptr<Answers> answers = {}, int64_t limit_ms = max_check_ms);
/// The same with a pure engine.
Task<Verdict> check(const SpfEvaluator& evaluator, dns::Resolver& resolver, net::Loop& loop, Request request,
                    std::shared_ptr<Answers> answers = {}, int64_t limit_ms = max_check_ms);

}  // namespace futar::spf
