// The client that a Received field of anybody's octets names; what our own field says of any HELO and name.
#include <cstdlib>
#include <string>

#include "common/message/received.h"
#include "common/message/received_hop.h"

using namespace futar;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string given(reinterpret_cast<const char*>(data), size);
  if (const auto hop = message::received_hop(given)) {
    if (hop->helo.empty() || hop->helo.size() > 255 || hop->address.empty() || hop->address.size() > 45)
      std::abort();
    for (const char c : hop->helo + hop->address)
      if (c <= ' ' || c > '~' || std::string_view("()\"\\<>;,@").contains(c)) std::abort();
    if (given.find('[') == std::string::npos) std::abort();
  }
  // A client cannot make us say that it is somebody else.
  message::Received received;
  received.from = message::ReceivedFrom{given.substr(0, size / 2), given.substr(size / 2), "[203.0.113.80]"};
  received.by = "mail.example.org";
  received.protocol = "ESMTP";
  const std::string field = message::received_field(received);
  const auto own = message::received_hop(std::string_view(field).substr(sizeof("Received:") - 1));
  if (!own || own->address != "203.0.113.80") std::abort();
  return 0;
}
