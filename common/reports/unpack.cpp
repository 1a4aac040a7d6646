#include "common/reports/unpack.h"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <memory>

namespace futar::reports {
namespace {

std::unexpected<Error> damaged(std::string_view why) {
  return fail(Error::permanent(fmt::format("the attachment cannot be unpacked: {}", why)));
}
std::unexpected<Error> too_long(size_t limit) {
  return damaged(fmt::format("it holds more than {} octets", limit));
}

// zlib's sign for what is expected: gzip's own header, or none (RFC 1951 alone, as in zip).
constexpr int gzip_window = 15 + 16, raw_window = -15;

Result<std::string> inflate_all(std::string_view packed, int window, size_t limit) {
  z_stream stream{};
  if (inflateInit2(&stream, window) != Z_OK) return fail(Error::temporary("no memory to unpack"));
  const std::unique_ptr<z_stream, int (*)(z_stream*)> owner(&stream, inflateEnd);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
  stream.avail_in = static_cast<uInt>(packed.size());
  std::string text;
  char piece[16384];
  for (int state = Z_OK; state != Z_STREAM_END;) {
    stream.next_out = reinterpret_cast<Bytef*>(piece);
    stream.avail_out = sizeof(piece);
    state = inflate(&stream, Z_NO_FLUSH);
    const size_t size = sizeof(piece) - stream.avail_out;
    if (state != Z_OK && state != Z_STREAM_END)
      return damaged(stream.msg ? stream.msg : "it ends in the middle");
    if (text.size() + size > limit) return too_long(limit);
    text.append(piece, size);
  }
  return text;
}

// Little-endian numbers of zip; 0 outside.
uint32_t number(std::string_view octets, size_t at, size_t size) {
  uint32_t value = 0;
  if (at > octets.size() || octets.size() - at < size) return 0;
  for (size_t i = size; i-- > 0;) value = value << 8 | static_cast<unsigned char>(octets[at + i]);
  return value;
}

struct ZipEntry {
  uint32_t flags = 0, method = 0, crc = 0, size = 0;
  std::string_view packed;
};

// The first file that the central directory names: what the local headers say may be left open or be a lie.
Result<ZipEntry> first_file(std::string_view zip) {
  constexpr std::string_view end_mark("PK\5\6", 4), entry_mark("PK\1\2", 4), local_mark("PK\3\4", 4);
  const auto end = zip.rfind(end_mark);
  if (end == std::string_view::npos || zip.size() - end < 22) return damaged("the zip has no directory");
  size_t at = number(zip, end + 16, 4);
  for (uint32_t left = number(zip, end + 10, 2); left > 0; --left) {
    if (at > zip.size() || zip.size() - at < 46 || !zip.substr(at).starts_with(entry_mark)) break;
    const size_t name_size = number(zip, at + 28, 2);
    const std::string_view name = zip.substr(at + 46, name_size);
    const size_t next = at + 46 + name_size + number(zip, at + 30, 2) + number(zip, at + 32, 2);
    if (name.ends_with('/')) {
      at = next;
      continue;
    }
    ZipEntry entry{number(zip, at + 8, 2),
                   number(zip, at + 10, 2),
                   number(zip, at + 16, 4),
                   number(zip, at + 24, 4),
                   {}};
    const size_t local = number(zip, at + 42, 4), packed_size = number(zip, at + 20, 4);
    if (local > zip.size() || !zip.substr(local).starts_with(local_mark)) break;
    const size_t data = local + 30 + number(zip, local + 26, 2) + number(zip, local + 28, 2);
    if (data > zip.size() || zip.size() - data < packed_size) break;
    entry.packed = zip.substr(data, packed_size);
    return entry;
  }
  return damaged("the zip holds no file");
}

Result<std::string> unzip(std::string_view zip, size_t limit) {
  const ZipEntry entry = TRY(first_file(zip));
  if (entry.flags & 1) return damaged("the zip is encrypted");
  if (entry.size > limit) return too_long(limit);
  if (entry.method != 0 && entry.method != 8) return damaged(fmt::format("zip method {}", entry.method));
  std::string text = entry.method == 0 ? std::string(entry.packed.substr(0, limit))
                                       : TRY(inflate_all(entry.packed, raw_window, limit));
  if (text.size() != entry.size) return damaged("its size is not what the zip says");
  if (crc32(0, reinterpret_cast<const Bytef*>(text.data()), static_cast<uInt>(text.size())) != entry.crc)
    return damaged("its checksum is wrong");
  return text;
}

}  // namespace

Result<std::string> unpack(std::string_view octets, size_t limit) {
  if (octets.size() > 1u << 30) return too_long(limit);
  if (octets.starts_with("\x1F\x8B")) return inflate_all(octets, gzip_window, limit);
  if (octets.starts_with("PK\3\4")) return unzip(octets, limit);
  if (octets.size() > limit) return too_long(limit);
  return std::string(octets);
}

}  // namespace futar::reports
