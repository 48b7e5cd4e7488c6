#pragma once

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

// Makes certificates for tests, by OpenSSL, so that what we read is compared with what it wrote.
namespace flowscope::tls::test {

using NameParts = std::vector<std::pair<std::string, std::string>>;  // short name and value

struct CertificateSpec {
  NameParts subject = {{"C", "DE"}, {"O", "Example, Inc."}, {"CN", "www.example.org"}};
  NameParts issuer = {{"C", "DE"}, {"CN", "Example CA"}};
  std::vector<uint8_t> serial = {0x8a, 0x07, 0xe0};
  std::string not_before = "20150131021829Z";  // as in GeneralizedTime
  std::string not_after = "20491231235959Z";
  std::string alternative_names;  // OpenSSL's notation: "DNS:a.example,IP:10.0.0.1"
};

template <auto kFree>
struct FreedBy {
  template <class T>
  void operator()(T* object) const {
    kFree(object);
  }
};
using OwnedX509 = std::unique_ptr<X509, FreedBy<X509_free>>;

inline void add_names(X509_NAME* name, const NameParts& parts) {
  for (const auto& [kind, value] : parts) {
    // V_ASN1_UTF8STRING as it is, without OpenSSL's own limits.
    X509_NAME_ENTRY* entry = X509_NAME_ENTRY_create_by_NID(
        nullptr, OBJ_txt2nid(kind.c_str()), V_ASN1_UTF8STRING,
        reinterpret_cast<const unsigned char*>(value.data()), static_cast<int>(value.size()));
    X509_NAME_add_entry(name, entry, -1, 0);
    X509_NAME_ENTRY_free(entry);
  }
}

inline std::string encode(X509* certificate) {
  unsigned char* bytes = nullptr;
  const int size = i2d_X509(certificate, &bytes);
  std::string der(reinterpret_cast<const char*>(bytes), static_cast<size_t>(size));
  OPENSSL_free(bytes);
  return der;
}

inline std::string make_certificate(const CertificateSpec& spec) {
  static EVP_PKEY* const key = EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256");
  const OwnedX509 certificate(X509_new());
  X509_set_version(certificate.get(), 2);
  BIGNUM* serial = BN_bin2bn(spec.serial.data(), static_cast<int>(spec.serial.size()), nullptr);
  BN_to_ASN1_INTEGER(serial, X509_get_serialNumber(certificate.get()));
  BN_free(serial);
  ASN1_TIME_set_string_X509(X509_getm_notBefore(certificate.get()), spec.not_before.c_str());
  ASN1_TIME_set_string_X509(X509_getm_notAfter(certificate.get()), spec.not_after.c_str());
  add_names(X509_get_subject_name(certificate.get()), spec.subject);
  add_names(X509_get_issuer_name(certificate.get()), spec.issuer);
  X509_set_pubkey(certificate.get(), key);
  if (!spec.alternative_names.empty()) {
    X509_EXTENSION* names =
        X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, spec.alternative_names.c_str());
    X509_add_ext(certificate.get(), names, -1);
    X509_EXTENSION_free(names);
  }
  X509_sign(certificate.get(), key, EVP_sha256());
  return encode(certificate.get());
}

}  // namespace flowscope::tls::test
