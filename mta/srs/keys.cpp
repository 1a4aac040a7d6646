#include "mta/srs/keys.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include "common/base/file.h"
#include "common/base/text.h"
#include "common/crypto/digest.h"

namespace futar::mta::srs {
namespace {

constexpr size_t random_octets = 32;
constexpr size_t least_size = 16;

Result<Keys> parse(const std::string& text, const std::string& path) {
  Keys keys;
  for (std::string_view line : split(text, '\n')) {
    line = trim(line);
    if (line.empty() || line.starts_with('#')) continue;
    if (line.size() < least_size)
      return fail(
          Error::permanent(fmt::format("{}: a secret needs at least {} characters", path, least_size)));
    keys.emplace_back(line);
  }
  if (keys.empty()) return fail(Error::permanent(path + " holds no secret"));
  return keys;
}

}  // namespace

Result<Keys> load_keys(const std::string& path) {
  struct stat found{};
  if (::stat(path.c_str(), &found) != 0) {
    if (errno != ENOENT) return fail(errno_error(errno, "stat " + path));
    const std::string secret = hex(crypto::random_bytes(random_octets));
    TRY(replace_file(path, secret + "\n", 0600));
    return Keys{secret};
  }
  return parse(TRY(read_file(path, 64 * 1024)), path);
}

}  // namespace futar::mta::srs
