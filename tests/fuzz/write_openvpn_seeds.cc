// Writes the seeds of OpenVPN's fuzz target, which are built like its steps, into the folder that
// is its argument.
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "tests/unit/l7/openvpn/openvpn_builder.h"

namespace flowscope::openvpn::test {
namespace {

std::string step(const Sent& sent) {
  return u8(sent.side == FlowSide::Responder ? 1 : 0) + u16(sent.bytes.size()) + sent.bytes;
}

void write_seeds(const std::filesystem::path& folder) {
  const auto write = [&](const std::string& name, std::vector<Sent> sent, bool over_tcp) {
    std::string bytes;
    for (Sent& one : sent) {
      if (over_tcp) one.bytes = framed(one.bytes);
      bytes += step(one);
    }
    std::ofstream(folder / name, std::ios::binary) << bytes;
  };
  for (const uint8_t digest_bytes : kDigestBytes) {
    const std::string digest = std::to_string(digest_bytes);
    write("tcp_" + digest, session(digest_bytes, 400), true);
    std::vector<Sent> sent = session(digest_bytes, 400);
    std::swap(sent[3], sent[4]);
    write("udp_" + digest, sent, false);
  }
}

}  // namespace
}  // namespace flowscope::openvpn::test

int main(int count, char** arguments) {
  if (count != 2) {
    std::fputs("usage: write_openvpn_seeds FOLDER\n", stderr);
    return 1;
  }
  flowscope::openvpn::test::write_seeds(arguments[1]);
  return 0;
}
