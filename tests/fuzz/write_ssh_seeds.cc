// Writes the seeds of the SSH fuzz target, which are built like its steps, into the folder that is
// its argument.
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>

#include "tests/unit/l7/ssh/ssh_builder.h"

namespace flowscope::ssh::test {
namespace {

constexpr uint8_t kServer = 1;
constexpr uint8_t kGap = 2;
constexpr uint8_t kAbort = 4;

std::string u16(size_t value) { return u8(value >> 8) + u8(value & 0xff); }
std::string step(uint8_t flags, const std::string& bytes) {
  return u8(flags) + u16(bytes.size()) + bytes;
}
std::string gap(uint8_t flags, size_t missing_bytes, const std::string& bytes) {
  return u8(flags | kGap) + u16(missing_bytes - 1) + u16(bytes.size()) + bytes;
}

void write_seeds(const std::filesystem::path& folder) {
  const auto write = [&](const char* name, const std::string& bytes) {
    std::ofstream(folder / name, std::ios::binary) << bytes;
  };
  const std::string banner = "SSH-2.0-x\r\n";
  const std::string client = client_stream();
  const std::string server = server_stream();
  const std::string bare_client = client.substr(client.find('\n') + 1);
  const std::string bare_server = server.substr(server.find('\n') + 1);
  KexInitSpec guess;
  guess.first_packet_follows = true;
  const std::string prime = std::string(1, '\0') + std::string(64, '\xf7');
  const std::string certificate =
      str("ssh-rsa-cert-v01@openssh.com") + str("nonce") + str("\1\0\1") + str(prime) + "serial";

  write("session", step(0, client) + step(kServer, server));
  write("banners", step(kServer, "SSH-1.99-a b\n") + step(0, "SSH-1.5-c\n"));
  write("unfinished_banners", step(kServer, "SSH-2.0-a") + step(0, "SSH-2.0-b\r"));
  write("aborted", step(0, client) + step(kServer | kAbort, "SSH-2.0-a"));
  write("preamble", step(0, banner) + step(kServer, "hello\nyou\r\n\n" + server));
  write("request_of_http", step(kServer, banner) + step(0, "GET / HTTP/1.1\r\n\r\n"));
  write("nul_in_banner", step(kServer, banner.substr(0, 9) + std::string(4, '\0')));
  write("long_banner", step(kServer, "SSH-2.0-" + std::string(300, 'x') + "\n" + bare_server));
  write("joined_late", step(kServer, bare_server) + step(0, bare_client));
  write("called_back", step(0, server) + step(kServer, client));
  write("group_exchange",
        step(kServer, banner + kex_init(guess) + packet(31, str(prime) + str("\2"))
                          + packet(33, str(certificate) + str("f")) + new_keys())
            + step(0, banner + kex_init({}) + packet(34, u32(1024)) + packet(32, str("e"))));
  write("disconnect", step(0, client) + step(kServer, banner + disconnect(3, "no match")));
  write("inserted", step(0, client + packet(2, "")) + step(kServer, banner + packet(4, "debug")));
  write("upper_layers", step(0, banner + kex_init({}) + packet(90, "") + packet(50, "")));
  write("irregular", step(0, banner + u32(9) + u8(3) + u8(30) + "halfppp" + new_keys()));
  write("no_packets", step(kServer, banner + "Invalid SSH identification string.\r\n"));
  write("gap_in_kex_init", step(0, client) + step(kServer, server.substr(0, 100))
                               + gap(kServer, 50, server.substr(150)));
  write("gap_between_packets", step(kServer, banner) + gap(kServer, 500, ecdh_reply("key")));
  write("gap_in_banner", step(0, "SSH-2.") + gap(0, 5, "\r\n" + bare_client));
}

}  // namespace
}  // namespace flowscope::ssh::test

int main(int argument_count, char** arguments) {
  if (argument_count != 2) {
    std::fprintf(stderr, "usage: %s CORPUS_FOLDER\n", arguments[0]);
    return 1;
  }
  flowscope::ssh::test::write_seeds(arguments[1]);
  return 0;
}
