// Replies of a DNS server as a hostile one writes them: decoded within the message, and each name that was
// unpacked is one that can stand in a message again.
#include <cstdlib>

#include "common/dns/rdata.h"
#include "common/dns/wire.h"

using namespace futar;

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string query = dns::encode_query(0x1234, *dns::encode_name("d.example"), dns::Type::mx, false);
  const std::string_view octets(reinterpret_cast<const char*>(data), size);
  // As it is, and with the head and the question that belong to it.
  for (const std::string& message :
       {std::string(octets), "\x12\x34\x81\x80" + query.substr(4, 2) +
                                 std::string(octets.substr(0, 1)).insert(0, 1, '\0') + query.substr(8) +
                                 std::string(octets)}) {
    const auto reply = dns::decode_reply(message, query);
    if (!reply) continue;
    for (const dns::WireRecord& record : reply->answers) {
      require(!record.owner.empty() && record.owner.size() <= 255 && record.owner.back() == '\0');
      require(record.rdata.size() <= 65'535 + 255);
      for (const auto& name : {dns::parse_name(record.owner), dns::parse_name(record.rdata)})
        if (name) require(dns::encode_name(*name).has_value());
    }
  }
  return 0;
}
