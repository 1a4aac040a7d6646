#include "common/config/paths.h"

namespace futar::config {
namespace {

std::string in_state(const Config& config, const std::string& name) {
  return config.text("state_dir") + "/" + name;
}
std::string in_run(const Config& config, const std::string& name) {
  return config.text("run_dir") + "/" + name;
}

const std::string& set_or(const std::string& value, const std::string& otherwise) {
  return value.empty() ? otherwise : value;
}

}  // namespace

std::string state_folder(const Config& config, const std::string& agent) { return in_state(config, agent); }
std::string published_folder(const Config& config) { return in_state(config, "published"); }
std::string directory_folder(const Config& config) { return in_state(config, "directory"); }
std::string certificate_file(const Config& config) {
  return set_or(config.text("tls.certificate"), in_state(config, "tls/self_signed.crt"));
}
std::string key_file(const Config& config) {
  return set_or(config.text("tls.key"), in_state(config, "tls/self_signed.key"));
}

std::string pid_file(const Config& config, const std::string& agent) {
  return in_run(config, agent + ".pid");
}
std::string submit_socket(const Config& config) { return in_run(config, "public/submit"); }
std::string submission_link(const Config& config) {
  return set_or(config.text("link.submission"), "ipc://" + in_run(config, "submission/link"));
}
std::string delivery_link(const Config& config) {
  return set_or(config.text("link.delivery"), "ipc://" + in_run(config, "delivery/link"));
}
std::string control_endpoint(const Config& config, const std::string& agent) {
  return "ipc://" + in_run(config, agent + "/control." + agent);
}

std::vector<Folder> own_folders(const Config& config, const std::string& agent) {
  std::vector<Folder> folders{{state_folder(config, agent), 0700}, {in_run(config, agent), 0750}};
  if (agent == "msa") folders.push_back({in_run(config, "public"), 0755});
  if (agent == "mta" && config.text("link.submission").empty())
    folders.push_back({in_run(config, "submission"), 0750});
  if (agent == "mta" && config.text("link.delivery").empty())
    folders.push_back({in_run(config, "delivery"), 0750});
  if (agent == "mda") folders.push_back({config.text("mda.mailboxes"), 0755});
  return folders;
}

}  // namespace futar::config
