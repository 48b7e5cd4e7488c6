// Writes the seeds of identify into a folder: the samples of the known protocols, and the greetings
// of parsers, as runs of a flow.
#include <algorithm>
#include <fstream>
#include <iostream>
#include <string>

#include "tests/unit/l7/known/samples.h"

namespace flowscope::known {
namespace {

std::string port_bytes(uint16_t port) {
  return {static_cast<char>(port >> 8), static_cast<char>(port & 0xff)};
}

// One run of a side, in pieces of as much as the script has bits for.
std::string runs_of(const std::string& text, int side) {
  constexpr size_t kRunBytesMax = 127;
  std::string script;
  for (size_t at = 0; at < text.size(); at += kRunBytesMax) {
    const std::string run = text.substr(at, kRunBytesMax);
    script += static_cast<char>(run.size() << 1 | static_cast<size_t>(side));
    script += run;
  }
  return script;
}

void write(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

void write_all(const std::string& folder) {
  for (const Sample& sample : stream_samples()) {
    write(folder + "/stream_" + std::string(sample.name),
          port_bytes(sample.port) + port_bytes(50'000) + runs_of(sample.client, 0)
              + runs_of(sample.server, 1) + runs_of("GET / HTTP/1.1\r\n", 0));
  }
  for (const Sample& sample : datagram_samples()) {
    write(folder + "/datagram_" + std::string(sample.name),
          port_bytes(sample.port) + port_bytes(50'000) + sample.client);
  }
}

}  // namespace
}  // namespace flowscope::known

int main(int count, char** arguments) {
  if (count != 2) {
    std::cerr << "usage: write_identify_seeds FOLDER\n";
    return 1;
  }
  flowscope::known::write_all(arguments[1]);
  return 0;
}
