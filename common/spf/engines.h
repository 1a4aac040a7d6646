// mta.spf_engine: which engine judges, and what the other one would have said.
#pragma once
#include <cstdint>
#include <optional>
#include <string_view>

#include "common/spf/check.h"
#include "common/spf/native.h"

namespace futar::spf {

enum class Choice : uint8_t {
  native,   ///< our own
  libspf2,  ///< the library, in its process
  both,     ///< our own judges, the library is asked too, and disagreements are counted
};
std::optional<Choice> choice(std::string_view word);  ///< of mta.spf_engine

class Engines {
 public:
  /// All of it outlives the checks. `libspf2` may be null with Choice::native.
  Engines(net::Loop& loop, dns::Resolver& resolver, Choice choice = Choice::native,
          AsyncEvaluator* libspf2 = nullptr)
      : loop_(loop), resolver_(resolver), choice_(choice), libspf2_(libspf2) {}

  /// check() by the choice. Where both are asked and differ, the reason ends with the other's word:
  /// "...; libspf2 says fail". That libspf2 could not be asked (temperror) is no disagreement.
  Task<Verdict> check(Request request, std::shared_ptr<Answers> answers = {});

  uint64_t compared() const { return compared_; }
  uint64_t disagreed() const { return disagreed_; }

 private:
  net::Loop& loop_;
  dns::Resolver& resolver_;
  Choice choice_;
  AsyncEvaluator* libspf2_;
  NativeEvaluator native_;
  uint64_t compared_ = 0, disagreed_ = 0;
};

}  // namespace futar::spf
