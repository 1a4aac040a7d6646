#include "common/daemon/tls.h"

#include <unistd.h>

#include "common/config/paths.h"
#include "common/log/log.h"

namespace futar::daemon {

Result<std::shared_ptr<net::TlsContext>> open_tls(const Environment& environment) {
  const config::Config& config = environment.config;
  std::string certificate = config::certificate_file(config), key = config::key_file(config);
  if (!config.is_set("tls.certificate") && ::access(certificate.c_str(), F_OK) != 0) {
    certificate = environment.state_folder + "/self_signed.pem";
    key = environment.state_folder + "/self_signed.key";
    TRY(net::make_self_signed(config.hostname(), certificate, key));
    log::warning("serves with a self-signed certificate, {}: set tls.certificate and tls.key", certificate);
  }
  return net::TlsContext::server(certificate, key);
}

}  // namespace futar::daemon
