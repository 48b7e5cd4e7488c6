// Reads one input as the body of a Certificate message, and as a certificate, and every byte of
// what they tell.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "l7/tls/certificate_fields.h"
#include "tests/unit/l7/tls/recording_sink.h"

namespace flowscope::tls {
namespace {

void run(Bytes input) {
  test::LineVisitor visitor;
  if (const auto fields = read_certificate_message(input)) {
    fields->describe(visitor);
    fields->describe_more(visitor);
  }
  if (const auto certificate = read_certificate(input)) {
    visitor.text("subject", NameText(certificate->subject).text());
    visitor.text("issuer", NameText(certificate->issuer).text());
    size_t names_bytes = 0;
    AlternativeNameWalk walk(certificate->alternative_names);
    while (walk.next()) names_bytes += 2;
    if (names_bytes > input.size()) std::abort();  // each takes two bytes at least
    const CertificateTimeText time = write_time(certificate->not_after);
    visitor.text("time", {time.data(), time.size()});
  }
}

}  // namespace
}  // namespace flowscope::tls

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  flowscope::tls::run(flowscope::Bytes(data, size));
  return 0;
}
