#include "common/zmq/keys.h"

#include <zmq.h>

#include <stdexcept>

#include "common/base/file.h"
#include "common/base/text.h"
#include "common/log/log.h"
#include "common/zmq/context.h"

namespace futar::zmq {

namespace {

constexpr size_t key_octets = 32, key_characters = 40;
constexpr size_t file_limit = 1 << 20;

// "#" is a letter of Z85 too, but no key begins with it: its value there would not fit into 32 bits.
std::string_view without_comment(std::string_view line) {
  line = trim(line);
  return line.starts_with('#') ? std::string_view() : line.substr(0, line.find_first_of(" \t"));
}

}  // namespace

Result<std::string> read_key(const std::string& path) {
  const std::string text = TRY(read_file(path, file_limit));
  std::string key;
  for (std::string_view line : split(text, '\n')) {
    line = without_comment(line);
    if (line.empty()) continue;
    if (!key.empty()) return fail(Error::permanent(path + " holds more than one key"));
    key = line;
  }
  uint8_t octets[key_octets];
  if (key.size() != key_characters || !zmq_z85_decode(octets, key.c_str()))
    return fail(Error::permanent(path + " holds no CURVE key (40 characters of Z85)"));
  return key;
}

Result<std::string> public_key_of(const std::string& secret) {
  char text[key_characters + 1];
  if (zmq_curve_public(text, secret.c_str()) != 0) return fail(Error::permanent("not a CURVE secret key"));
  return std::string(text);
}

bool is_listed(const std::string& path, std::string_view key) {
  const auto text = read_file(path, file_limit);
  if (!text) {
    log::error("no key is allowed: {}", text.error().text);
    return false;
  }
  for (std::string_view line : split(*text, '\n'))
    if (without_comment(line) == key) return true;
  return false;
}

std::string z85(std::string_view octets) {
  char text[key_characters + 1] = "";
  if (octets.size() == key_octets)
    zmq_z85_encode(text, reinterpret_cast<const uint8_t*>(octets.data()), octets.size());
  return text;
}

std::optional<CurveKeys> curve_keys_in(const std::string& folder, const std::string& agent,
                                       const std::string& role) {
  if (folder.empty()) return std::nullopt;
  return CurveKeys{folder + "/" + agent + ".secret", folder + "/mta.public",
                   folder + "/" + role + ".allowed"};
}

std::pair<std::string, std::string> make_curve_keys() {
  char public_key[key_characters + 1], secret_key[key_characters + 1];
  if (zmq_curve_keypair(public_key, secret_key) != 0)
    throw std::runtime_error("libzmq was built without CURVE");
  return {public_key, secret_key};
}

}  // namespace futar::zmq
