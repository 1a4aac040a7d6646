// RAII and error text for OpenSSL. Internal to net; included in .cpp files only.
#pragma once
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <memory>
#include <string>

namespace futar::net {

template <auto release>
struct OpensslDeleter {
  template <class T>
  void operator()(T* object) const {
    release(object);
  }
};
template <class T, auto release>
using OpensslPtr = std::unique_ptr<T, OpensslDeleter<release>>;

using SslPtr = OpensslPtr<SSL, SSL_free>;
using SslContextPtr = OpensslPtr<SSL_CTX, SSL_CTX_free>;
using KeyPtr = OpensslPtr<EVP_PKEY, EVP_PKEY_free>;
using CertificatePtr = OpensslPtr<X509, X509_free>;
using BioPtr = OpensslPtr<BIO, BIO_free_all>;

/// The first queued error as text ("no shared cipher"), "" if none; empties the queue.
std::string openssl_error();

}  // namespace futar::net
