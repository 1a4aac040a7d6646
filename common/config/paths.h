// Where things lie: the one place that joins state_dir and run_dir with names, so that all programs agree.
#pragma once
#include <string>

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
std::string submit_socket(const Config& config);    ///< run_dir/submit: local submission by SMTP
std::string submission_link(const Config& config);  ///< link.submission, else ipc://run_dir/submission
std::string delivery_link(const Config& config);    ///< link.delivery, else ipc://run_dir/delivery
std::string control_endpoint(const Config& config, const std::string& agent);  ///< ipc://run_dir/control.msa

}  // namespace futar::config
