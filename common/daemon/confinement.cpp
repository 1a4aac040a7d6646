#include "common/daemon/confinement.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "common/base/text.h"
#include "common/config/paths.h"
#include "common/sandbox/server_calls.h"

namespace futar::daemon {

namespace {

using Paths = std::vector<std::string>;

// Of the system, what libraries open: shared objects (of NSS, too), time zones, public suffixes, authorities.
// /proc/self for sanitizers, and for the routes that tell a container's gateway.
constexpr const char* of_system[] = {"/usr/lib",
                                     "/usr/lib64",
                                     "/lib",
                                     "/lib64",
                                     "/usr/share",
                                     "/etc/ssl",
                                     "/etc/ld.so.cache",
                                     "/dev/null",
                                     "/dev/urandom",
                                     "/proc/self",
                                     "/etc/hosts",
                                     "/etc/resolv.conf",
                                     "/etc/gai.conf",
                                     "/etc/nsswitch.conf",
                                     "/etc/host.conf",
                                     "/etc/services",
                                     "/etc/localtime",
                                     "/sys/devices/system/cpu",
                                     "/proc/sys/vm/overcommit_memory"};

std::string folder_of(const std::string& path) {
  return path.substr(0, std::max<size_t>(path.rfind('/'), 1));
}

std::string followed(const std::string& path) {
  char* real = ::realpath(path.c_str(), nullptr);
  std::string text = real ? real : path;
  std::free(real);
  return text;
}

// "tcp://mta:2500", "lmtp:tcp:host:24": what stands behind the last colon.
std::optional<uint16_t> tcp_port(const std::string& endpoint) {
  if (!endpoint.contains("tcp:")) return std::nullopt;
  const auto port = parse_number(endpoint.substr(endpoint.rfind(':') + 1));
  return port && *port <= 65535 ? std::optional(static_cast<uint16_t>(*port)) : std::nullopt;
}

bool has_host_name(const std::string& endpoint) {
  return endpoint.starts_with("tcp://") && !endpoint.starts_with("tcp://[") &&
         endpoint.substr(6, endpoint.rfind(':') - 6).find_first_not_of("0123456789.*") != std::string::npos;
}

Paths links_of(const config::Config& config, const std::string& agent) {
  Paths links;
  if (agent != "mda") links.push_back(config::submission_link(config));
  if (agent != "msa") links.push_back(config::delivery_link(config));
  return links;
}

// The files that the config names for this agent.
Paths named_files(const config::Config& config, const std::string& agent) {
  Paths files{config.file()};
  if (agent != "mda") {
    files.push_back(config::certificate_file(config));
    files.push_back(config::key_file(config));
  }
  if (agent == "mta")
    for (const char* name : {"tls.trusted", "mta.smart_host_password_file", "dns.anchor"})
      files.push_back(config.text(name));
  std::erase(files, "");
  return files;
}

Paths named_folders(const config::Config& config) {
  Paths folders{config::published_folder(config), config.text("link.keys")};
  std::erase(folders, "");
  return folders;
}

// msa asks for the names of local users, and links for hosts, by files of /etc that are replaced by rename.
bool needs_etc(const config::Config& config, const std::string& agent) {
  return agent == "msa" || std::ranges::any_of(links_of(config, agent), has_host_name);
}

Paths readable(const config::Config& config, const std::string& agent) {
  Paths paths(std::begin(of_system), std::end(of_system));
  for (const std::string& file : named_files(config, agent))
    for (const std::string& path : {file, followed(file)}) {
      if (!path.starts_with('/')) continue;
      const std::string folder = folder_of(path);
      paths.push_back(folder == "/" || sandbox::is_below(config.text("state_dir"), {folder}) ? path : folder);
    }
  for (std::string& folder : named_folders(config)) paths.push_back(std::move(folder));
  if (needs_etc(config, agent)) {
    paths.emplace_back("/etc");
    paths.push_back(folder_of(followed("/etc/resolv.conf")));
    paths.emplace_back("/var/lib/sss/mc");
  }
  return paths;
}

}  // namespace

sandbox::Grants grants(const config::Config& config, const std::string& agent) {
  sandbox::Grants granted;
  granted.read = readable(config, agent);
  for (const config::Folder& folder : config::own_folders(config, agent))
    granted.write.push_back(folder.path);
  if (const std::string& run = config.text("run_dir"); ::access(run.c_str(), W_OK) == 0)
    granted.make_files.push_back(run);  // the pid file
  std::vector<uint16_t> ports;
  for (const std::string& link : links_of(config, agent))
    if (const auto port = tcp_port(link)) ports.push_back(*port);
  if (agent == "mta") {
    granted.bind = ports;
  } else {
    if (!ports.empty()) ports.push_back(53);  // the name of mta's host
    if (const auto port = tcp_port(config.text("mda.deliver")); port && agent == "mda")
      ports.push_back(*port);
    granted.connect = ports;
  }
  const char* supervisor = std::getenv("NOTIFY_SOCKET");
  granted.abstract_sockets = supervisor && supervisor[0] == '@';
  return granted;
}

Confinement confine(const config::Config& config, const std::string& agent) {
  Confinement done;
  if (!config.flag("sandbox")) {
    done.complaint = "sandbox = false: this agent may do all that its user may";
    return done;
  }
  done.granted = grants(config, agent);
  Paths parts, missing;
  const auto landlock = sandbox::enter_landlock(done.granted);
  done.has_landlock = landlock && *landlock > 0;
  if (done.has_landlock)
    parts.push_back(fmt::format("landlock {}", *landlock));
  else
    missing.push_back(
        landlock ? fmt::format("no Landlock of ABI {} or more: the kernel is older, does not name it "
                               "in lsm=, or a container's engine refuses it",
                               sandbox::landlock_least)
                 : landlock.error().text);
  if (sandbox::refuse_what_no_server_needs())
    parts.emplace_back("seccomp");
  else
    missing.push_back(fmt::format("no seccomp: {}", std::strerror(errno)));
  done.words = parts.empty() ? "none" : fmt::format("{}", fmt::join(parts, " + "));
  done.complaint = fmt::format("{}", fmt::join(missing, "; "));
  return done;
}

Result<void> check_covered(const Confinement& confinement, const config::Config& fresh,
                           const std::string& agent) {
  if (!confinement.has_landlock) return {};
  Paths open = confinement.granted.read;
  open.insert(open.end(), confinement.granted.write.begin(), confinement.granted.write.end());
  Paths named = named_files(fresh, agent);
  for (std::string& folder : named_folders(fresh)) named.push_back(std::move(folder));
  for (const std::string& path : named)
    if (::access(path.c_str(), F_OK) == 0 && !sandbox::is_below(path, open))
      return fail(Error::permanent(fmt::format(
          "restart needed: {} lies outside the folders that were known at the start (futar restart {})", path,
          agent)));
  return {};
}

}  // namespace futar::daemon
