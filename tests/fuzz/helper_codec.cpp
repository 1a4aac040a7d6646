// What mta and libspf2's process say to each other, as the other end may have spoilt it: refused, or read the
// same after another turn; of a reply nothing comes out that an engine may not ask or a terminal not show.
#include <cstdint>
#include <cstdlib>

#include "common/base/text.h"
#include "common/spf/helper_codec.h"

using namespace futar;

namespace {

void must(bool holds) {
  if (!holds) std::abort();
}

// A text that was cut has dots behind the limit, and is cut again.
bool is_same(const std::string& once, const std::string& twice) {
  constexpr size_t longest = 1024;
  return once.size() <= longest ? once == twice : twice.size() > longest - 4;
}

bool is_same(const spf::Verdict& a, const spf::Verdict& b) {
  return a.outcome == b.outcome && a.identity == b.identity && is_same(a.domain, b.domain) &&
         is_same(a.mechanism, b.mechanism) && is_same(a.reason, b.reason) &&
         is_same(a.explanation, b.explanation);
}

void turn_request(std::string_view octets) {
  const auto found = spf::decode_request(octets);
  if (!found) return;
  const std::string once = spf::encode(found->id, found->request, found->answers);
  const auto again = spf::decode_request(once);
  must(again && spf::encode(again->id, again->request, again->answers) == once);
}

void turn_reply(std::string_view octets) {
  const auto found = spf::decode_reply(octets);
  if (!found) return;
  const auto again = spf::decode_reply(spf::encode(found->id, found->step));
  must(again && again->id == found->id && again->step.index() == found->step.index());
  if (const auto* verdict = std::get_if<spf::Verdict>(&found->step)) {
    must(is_same(*verdict, std::get<spf::Verdict>(again->step)));
    for (const std::string& text :
         {verdict->domain, verdict->mechanism, verdict->reason, verdict->explanation})
      must(printable(text, 4096) == text);
  } else {
    const auto& question = std::get<spf::Question>(found->step);
    must(question.name.size() <= 253 && !question.name.contains('\n'));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view octets(reinterpret_cast<const char*>(data), size);
  turn_request(octets);
  turn_reply(octets);
  return 0;
}
