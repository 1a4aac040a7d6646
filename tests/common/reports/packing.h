// Packs what the tests unpack.
#pragma once
#include <zlib.h>

#include <string>
#include <string_view>

namespace futar {

inline std::string deflated(std::string_view text, int window) {
  z_stream stream{};
  deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, window, 9, Z_DEFAULT_STRATEGY);
  std::string packed(deflateBound(&stream, text.size()) + 64, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  deflate(&stream, Z_FINISH);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}
inline std::string gzip(std::string_view text) { return deflated(text, 15 + 16); }

struct ZipFile {
  std::string name, text;
  bool stored = false;
  uint32_t flags = 0;
  uint32_t claimed_size = 0;  ///< 0: the true one
};

inline std::string little(uint64_t value, int size) {
  std::string octets;
  for (; size > 0; --size, value >>= 8) octets += static_cast<char>(value & 255);
  return octets;
}

/// As a streaming writer makes it: sizes and checksum stand in the directory alone.
inline std::string zip(std::initializer_list<ZipFile> files) {
  std::string local, directory;
  for (const ZipFile& file : files) {
    const std::string packed = file.stored ? file.text : deflated(file.text, -15);
    const auto crc =
        crc32(0, reinterpret_cast<const Bytef*>(file.text.data()), static_cast<uInt>(file.text.size()));
    const size_t size = file.claimed_size ? file.claimed_size : file.text.size();
    const std::string method = little(file.stored ? 0 : 8, 2);
    directory += "PK\1\2" + little(20, 2) + little(20, 2) + little(file.flags, 2) + method + little(0, 4) +
                 little(crc, 4) + little(packed.size(), 4) + little(size, 4) + little(file.name.size(), 2) +
                 little(0, 12) + little(local.size(), 4) + file.name;
    local += "PK\3\4" + little(20, 2) + little(file.flags | 8, 2) + method + little(0, 16) +
             little(file.name.size(), 2) + little(0, 2) + file.name + packed;
  }
  return local + directory + "PK\5\6" + little(0, 4) + little(files.size(), 2) + little(files.size(), 2) +
         little(directory.size(), 4) + little(local.size(), 4) + little(0, 2);
}

}  // namespace futar
