// RAII and error text for OpenSSL. Internal to net; included in .cpp files only.
#pragma once
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <string>

#include "common/base/owned.h"

namespace futar::net {

using SslPtr = Owned<SSL, SSL_free>;
using SslContextPtr = Owned<SSL_CTX, SSL_CTX_free>;
using KeyPtr = Owned<EVP_PKEY, EVP_PKEY_free>;
using CertificatePtr = Owned<X509, X509_free>;
using BioPtr = Owned<BIO, BIO_free_all>;

/// The first queued error as text ("no shared cipher"), "" if none; empties the queue.
std::string openssl_error();

}  // namespace futar::net
