// The certificate and key that the agents serve with: checked and put in place.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "common/crypto/certificate.h"
#include "common/dns/rdata.h"

namespace futar::deploy {

/// The chain, when it can be served for `host` at `now_s`: the key belongs to its first certificate, which is
/// in force. Another name than `host` is no error here, see crypto::is_for. Pure.
Result<std::vector<crypto::Certificate>> checked_pair(std::string_view certificate_pem,
                                                      std::string_view key_pem, int64_t now_s);

/// Whether one of the records names the chain: DANE-EE the server's certificate, DANE-TA any of it (RFC 7672
/// §3.1). No records: true. Pure.
bool is_pinned_right(const std::vector<dns::Tlsa>& records, const std::vector<crypto::Certificate>& chain);

/// Replaces `file`, keeping owner, group and mode of the one that was there; a new one gets `mode`.
Result<void> replace_keeping(const std::string& file, std::string_view text, unsigned mode);

/// Agents that are users of their own read the key as members of its folder's group: an installer says so by
/// making the folder set-group-id.
Result<void> open_key(const std::string& key);

}  // namespace futar::deploy
