#include "common/config/config.h"

#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>
#include <stdexcept>

#include "common/base/file.h"
#include "common/base/text.h"
#include "common/config/reading.h"

namespace futar::config {
namespace {

constexpr auto default_file = "/etc/futar/futar.toml";

std::string find(const Environment& environment, std::string_view variable) {
  for (const auto& [name, value] : environment)
    if (name == variable) return value;
  return {};
}

}  // namespace

Environment process_environment() {
  Environment environment;
  for (char** variable = environ; *variable; ++variable) {
    const std::string_view text = *variable;
    const auto equals = text.find('=');
    if (text.starts_with("FUTAR_") && equals != std::string_view::npos)
      environment.emplace_back(text.substr(0, equals), text.substr(equals + 1));
  }
  return environment;
}

Config::Config() {
  static const std::vector<Entry> defaults = [] {
    std::vector<Entry> entries;
    for (const Option& option : options()) entries.push_back({&option, fallback_value(option), ""});
    return entries;
  }();
  entries_ = defaults;
}

Result<Config> Config::load(const std::optional<std::string>& named, const Environment& environment) {
  const std::string by_variable = find(environment, "FUTAR_CONFIG");
  const bool must_exist = named || !by_variable.empty();
  const std::string path = named ? *named : !by_variable.empty() ? by_variable : default_file;
  if (!must_exist && !std::filesystem::exists(path)) return parse("", "", environment);
  auto text = read_file(path);
  if (!text) return fail(Error::permanent(text.error().text));
  return parse(*text, path, environment);
}

Result<Config> Config::parse(std::string_view text, std::string file, const Environment& environment) {
  Reading reading{Config()};
  reading.read_file(text, file);
  reading.read_environment(environment);
  return reading.finish();
}

const Config::Entry& Config::entry(std::string_view name, Type type) const {
  const Option* option = find_option(name);
  if (!option || option->type != type) throw std::logic_error(fmt::format("no such setting: {}", name));
  return entries_[static_cast<size_t>(option - options().data())];
}

const std::string& Config::text(std::string_view name) const {
  return std::get<std::string>(entry(name, Type::text).value);
}
int64_t Config::number(std::string_view name) const {
  return std::get<int64_t>(entry(name, Type::number).value);
}
int64_t Config::duration_ms(std::string_view name) const {
  return std::get<int64_t>(entry(name, Type::duration).value);
}
uint64_t Config::size(std::string_view name) const {
  return static_cast<uint64_t>(std::get<int64_t>(entry(name, Type::size).value));
}
bool Config::flag(std::string_view name) const { return std::get<bool>(entry(name, Type::flag).value); }
const List& Config::list(std::string_view name) const {
  return std::get<List>(entry(name, Type::list).value);
}
const Table& Config::table(std::string_view name) const {
  return std::get<Table>(entry(name, Type::table).value);
}

Result<std::string> Config::secret(std::string_view name) const {
  const std::string& path = text(name);
  if (path.empty()) return std::string();
  const std::string content = TRY(read_file(path, 64 * 1024));
  return std::string(trim(std::string_view(content).substr(0, content.find('\n'))));
}

std::string Config::hostname() const {
  if (!text("hostname").empty()) return text("hostname");
  char name[256] = "localhost";
  gethostname(name, sizeof name - 1);
  return name;
}

bool Config::is_set(std::string_view name) const {
  const Option* option = find_option(name);
  if (!option) throw std::logic_error(fmt::format("no such setting: {}", name));
  return !entries_[static_cast<size_t>(option - options().data())].origin.empty();
}

}  // namespace futar::config
