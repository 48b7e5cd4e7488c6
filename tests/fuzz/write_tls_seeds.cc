// Writes seeds of the fuzz targets tls, dtls and tls_certificate, which are built like their steps,
// below the folder that is its argument.
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "tests/unit/l7/tls/der_builder.h"
#include "tests/unit/l7/tls/dtls_builder.h"

namespace flowscope::tls::test {
namespace {

constexpr uint8_t kServer = 1;

std::string step(uint8_t flags, const std::string& bytes) { return u8(flags) + behind16(bytes); }
std::string steps(uint8_t flags, const std::vector<std::string>& datagrams) {
  std::string bytes;
  for (const std::string& datagram : datagrams) bytes += step(flags, datagram);
  return bytes;
}

std::string server_flight(size_t record_bytes) {
  return records(message(2, server_hello_body({.cipher = 0xc02f}))
                     + certificate_message({plain_certificate(), plain_certificate()})
                     + message(22, "status") + message(12, "key") + message(13, "request")
                     + server_hello_done(),
                 record_bytes);
}
std::string client_flight() {
  return records(certificate_message({plain_certificate()}) + message(16, "key"));
}
std::string certificate_body() { return certificate_message({plain_certificate()}).substr(4); }

void write_seeds(const std::filesystem::path& folder) {
  const auto write = [&](const char* name, const std::string& bytes) {
    std::filesystem::create_directories((folder / name).parent_path());
    std::ofstream(folder / name, std::ios::binary) << bytes;
  };
  const std::string hello = client_hello(browser_hello(32));
  write("tls/tls12_certificates",
        step(0, hello) + step(kServer, server_flight(16384)) + step(0, client_flight()));
  write("tls/tls12_small_records", step(0, hello) + step(kServer, server_flight(7)));
  write("tls/lead_in", step(kServer, "S" + server_flight(16384)) + step(0, "12345678" + hello));
  write("tls/server_first", step(kServer, server_flight(100)) + step(0, hello));
  write("tls/alert_in_flight",
        step(0, hello) + step(kServer, server_hello({})) + step(0, alert(2, 48)));

  const std::string client = dtls_client_body(media_hello());
  const std::string answer = server_hello_body(media_answer());
  const std::string done = dtls_message(14, 3, "");
  write("dtls/session",
        step(0, dtls_message(1, 0, client)) + step(kServer, dtls_message(2, 0, answer))
            + step(kServer, dtls_message(11, 1, certificate_body()))
            + step(kServer, dtls_message(13, 2, "request") + done)
            + step(0, dtls_message(11, 1, certificate_body())) + step(0, dtls_record(20, u8(1))));
  write("dtls/cookie",
        step(0, dtls_message(1, 0, client))
            + step(kServer, dtls_message(3, 0, u16(0xfeff) + behind8("cookie")))
            + step(0, dtls_message(1, 1, dtls_client_body(media_hello(), "cookie"))));
  write("dtls/fragments",
        steps(0, fragments(1, 0, client, 40)) + steps(kServer, fragments(2, 0, answer, 20))
            + steps(kServer, fragments(11, 1, certificate_body(), 100)) + step(kServer, done));
  write("dtls/certificate_first", steps(kServer, fragments(11, 1, certificate_body(), 100))
                                      + step(kServer, dtls_message(2, 0, answer))
                                      + step(0, dtls_message(1, 0, client)));
  ClientHelloSpec newest = media_hello();
  newest.extensions.push_back(supported_versions({0xfefc, 0xfefd}));
  ServerHelloSpec newest_answer = media_answer();
  newest_answer.extensions = {selected_version(0xfefc), server_key_share(29)};
  write("dtls/version_13",
        step(0, dtls_message(1, 0, dtls_client_body(newest)))
            + step(kServer, dtls_message(2, 0, server_hello_body(newest_answer)) + "\x2e sealed"));
  write("dtls/alert",
        step(0, dtls_message(1, 0, client)) + step(kServer, dtls_record(21, u8(2) + u8(40))));
  write("dtls/joined_late", step(0, dtls_record(23, "sealed", 1)));

  write("tls_certificate/message", certificate_body());
  write("tls_certificate/certificate", plain_certificate());
}

}  // namespace
}  // namespace flowscope::tls::test

int main(int argument_count, char** arguments) {
  if (argument_count != 2) {
    std::fprintf(stderr, "usage: %s CORPUS_FOLDER\n", arguments[0]);
    return 1;
  }
  flowscope::tls::test::write_seeds(arguments[1]);
  return 0;
}
