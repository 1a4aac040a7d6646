// An authority and server certificates of its making, good and bad ones.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "common/net/stream.h"
#include "common/net/tls_context.h"
#include "tests/fakes/temp_folder.h"

struct evp_pkey_st;
struct x509_st;

namespace futar {

class TestPki {
 public:
  TestPki();
  ~TestPki();

  struct Wanted {
    std::vector<std::string> names = {};  ///< DNS names in the subject alternative name
    std::string common_name = "test";
    int64_t from_s = -3600, until_s = 3600;  ///< validity, from now
    bool self_signed = false;
  };
  /// A server that shows such a certificate, and the authority's behind it.
  std::shared_ptr<net::TlsContext> server(const Wanted& wanted) const;
  /// PEM, for TlsContext::client.
  const std::string& authority_file() const { return authority_file_; }
  /// Of the server's certificate for usage 1 and 3, of the authority's for 0 and 2 (RFC 6698 §2.1).
  net::TlsaRecord tlsa(const net::TlsContext& server, uint8_t usage, uint8_t selector,
                       uint8_t matching) const;

 private:
  struct Pair;
  std::unique_ptr<Pair> authority_;
  TempFolder folder_;
  std::string authority_file_;
  mutable int made_ = 0;
};

}  // namespace futar
