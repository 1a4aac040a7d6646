#include "common/smtp/bdat.h"

namespace futar::smtp {

uint64_t ChunkStream::begin(const Bdat& chunk) {
  left_ = chunk.size;
  last_ = chunk.last;
  announced_ = announced_ > UINT64_MAX - chunk.size ? UINT64_MAX : announced_ + chunk.size;
  return announced_;
}

std::string_view ChunkStream::next(std::string_view& octets) {
  const std::string_view run = octets.substr(0, left_);
  octets.remove_prefix(run.size());
  left_ -= run.size();
  check_.push(run);
  return run;
}

std::string_view ChunkStream::finish() {
  check_.finish();
  return announced_ == 0 || check_.ends_in_crlf() ? "" : "\r\n";
}

}  // namespace futar::smtp
