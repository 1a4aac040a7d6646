// Where things lie: the one place that joins state_dir and run_dir with names, so that all programs agree.
#pragma once
#include <sys/types.h>

#include <string>
#include <vector>

#include "common/config/config.h"

namespace futar::config {

std::string state_folder(const Config& config,
                         const std::string& agent);  ///< state_dir/msa: databases, spool, lock
std::string published_folder(const Config& config);  ///< addresses.db, credentials.db, dovecot.passwd
std::string directory_folder(const Config& config);  ///< directory.db, private to `futar`
std::string certificate_file(
    const Config& config);  ///< tls.certificate, else the self-signed one in state_dir/tls
std::string key_file(const Config& config);

std::string pid_file(const Config& config, const std::string& agent);  ///< run_dir/msa.pid
std::string submit_socket(const Config& config);    ///< run_dir/public/submit: local submission by SMTP
std::string submission_link(const Config& config);  ///< link.submission, else ipc://run_dir/submission/link
std::string delivery_link(const Config& config);    ///< link.delivery, else ipc://run_dir/delivery/link
/// ipc://run_dir/msa/control.msa
std::string control_endpoint(const Config& config, const std::string& agent);

struct Folder {
  std::string path;
  mode_t mode;
};
/// The folders in which this agent alone writes, and so alone can put a socket in another's place. Each is
/// made when it is missing; where agents are users of their own, an installer makes those in run_dir before,
/// set-group-id with the group that may come in: the operator's for AGENT/, one each for submission/ and
/// delivery/. What is bound inside has that group then.
std::vector<Folder> own_folders(const Config& config, const std::string& agent);

}  // namespace futar::config
