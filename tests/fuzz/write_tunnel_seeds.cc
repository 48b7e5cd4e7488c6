// Writes the seeds of the fuzz targets decap and extract from the golden frames.
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>

#include "tests/unit/flowcore/packet/golden_tunnels.h"

namespace flowscope {
namespace {

using testing::Frame;
using testing::GoldenFrame;

void write_seed(const std::filesystem::path& folder, const GoldenFrame& golden, Frame input) {
  std::string name = golden.name;
  std::replace(name.begin(), name.end(), ' ', '_');
  testing::append(input, golden.bytes);
  std::filesystem::create_directories(folder);
  std::ofstream file(folder / name, std::ios::binary);
  file.write(reinterpret_cast<const char*>(input.data()),
             static_cast<std::streamsize>(input.size()));
}

void write_seeds(const std::filesystem::path& corpus) {
  for (const GoldenFrame& golden : testing::golden_tunnels()) {
    const auto link = static_cast<uint8_t>(golden.link);
    write_seed(corpus / "decap", golden, {link, 0xff, 0xff, 0xff, 0});
    write_seed(corpus / "extract", golden, {link, 0});
  }
  for (const GoldenFrame& golden : testing::golden_frames())
    write_seed(corpus / "extract", golden, {static_cast<uint8_t>(golden.link), 0});
}

}  // namespace
}  // namespace flowscope

int main(int argument_count, char** arguments) {
  if (argument_count != 2) {
    std::fprintf(stderr, "usage: %s CORPUS_FOLDER\n", arguments[0]);
    return 1;
  }
  flowscope::write_seeds(arguments[1]);
  return 0;
}
