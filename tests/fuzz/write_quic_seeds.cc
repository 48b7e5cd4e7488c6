// Writes the seeds of the QUIC fuzz target, which are built like its steps, into the folder that is
// its argument.
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>

#include "tests/unit/l7/quic/google_builder.h"
#include "tests/unit/l7/quic/packet_sealer.h"
#include "tests/unit/l7/tls/hello_builder.h"

namespace flowscope::quic::test {
namespace {

constexpr uint8_t kServer = 1;
constexpr uint8_t kSeal = 2;
constexpr uint8_t kOtherId = 4;

std::string step(size_t flags, const std::string& bytes) {
  return big_endian(flags, 1) + big_endian(bytes.size(), 2) + bytes;
}
std::string of_version(size_t which, const std::string& frames) {
  return step(kSeal | which << 5, frames);
}

void write_seeds(const std::filesystem::path& folder) {
  const auto write = [&](const char* name, const std::string& bytes) {
    std::ofstream(folder / name, std::ios::binary) << bytes;
  };
  tls::test::ClientHelloSpec spec = tls::test::browser_hello(32);
  spec.extensions.push_back({57, varint(0x3129) + varint(6) + "Chrome"});
  const std::string hello = tls::test::message(1, tls::test::client_hello_body(spec));
  const std::string answer =
      tls::test::message(2, tls::test::server_hello_body(tls::test::tls13_answer()));
  const std::string retry = tls::test::message(
      2, tls::test::server_hello_body({.random = tls::test::retry_random(),
                                       .extensions = {tls::test::selected_version(0x0304)}}));
  const std::string google = google_hello({{"PAD", "----"}, {"SNI", "g.example"}, {"UAID", "b"}});
  const std::string ask = step(kSeal, crypto_frame(0, hello));

  write("session", ask + step(kSeal | kServer, ack_frame() + crypto_frame(0, answer)));
  write("version_2", of_version(1, crypto_frame(0, hello)));
  write("draft_29", of_version(2, crypto_frame(0, hello)));
  write("scrambled", step(kSeal, crypto_frame(200, hello.substr(200)) + '\x01'
                                     + crypto_frame(0, hello.substr(0, 90)))
                         + step(kSeal, crypto_frame(80, hello.substr(80, 130))));
  write("hello_retry", ask + step(kSeal | kServer, crypto_frame(0, retry))
                           + step(kSeal | kServer, crypto_frame(retry.size(), answer)));
  write("negotiation", of_version(3, crypto_frame(0, hello))
                           + step(kServer, negotiation_packet({1, 0xff00001d})) + ask);
  write("retry", ask + step(kServer, retry_packet("src", "another one"))
                     + step(kSeal | kOtherId, crypto_frame(0, hello)));
  write("close", ask + step(kSeal | kServer, close_frame(0x128)));
  write("google_tls", of_version(4, "\x08" + varint(0) + varint(hello.size()) + hello));
  write("google_crypto", of_version(5, "\x08" + varint(0) + varint(google.size()) + google));
  write("google_clear", step(0, google_packet("Q046", google)));
  write("google_old", step(0, google_packet("Q043", google)));
  write("raw_coalesced", step(0, seal_initial({}, crypto_frame(0, hello)) + handshake_packet()));
  write("invalid_frame", step(kSeal, "\x01\x01\x01\x0e"));
}

}  // namespace
}  // namespace flowscope::quic::test

int main(int argument_count, char** arguments) {
  if (argument_count != 2) {
    std::fprintf(stderr, "usage: %s CORPUS_FOLDER\n", arguments[0]);
    return 1;
  }
  flowscope::quic::test::write_seeds(arguments[1]);
  return 0;
}
