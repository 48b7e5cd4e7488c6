// Runs a fuzz target without libFuzzer: first every seed of the corpus folder, then random bytes
// and mutated seeds. The same on every run; FS_FUZZ_SEED=n and FS_FUZZ_RUNS=n ask for others.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size);

namespace {

using Input = std::vector<uint8_t>;

constexpr uint64_t kDefaultSeed = 20240229;
constexpr uint64_t kDefaultRuns = 2000;
constexpr size_t kRandomBytesMax = 2048;
constexpr size_t kMutationsMax = 8;

uint64_t number_from_environment(const char* name, uint64_t otherwise) {
  const char* text = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): no other thread exists
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

// The seeds in the order of their names, so that a run does not depend on the file system.
std::vector<Input> read_corpus(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> paths;
  if (std::filesystem::is_directory(folder)) {
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      if (entry.is_regular_file()) paths.push_back(entry.path());
    }
  }
  std::sort(paths.begin(), paths.end());
  std::vector<Input> seeds;
  for (const auto& path : paths) {
    std::ifstream file(path, std::ios::binary);
    seeds.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
  return seeds;
}

class InputSource {
 public:
  InputSource(uint64_t seed, const std::vector<Input>& seeds) : random_(seed), seeds_(seeds) {}

  // Random bytes for one input in four, else a seed with a few bytes changed, cut or repeated.
  Input next() {
    if (seeds_.empty() || below(4) == 0) return random_bytes();
    Input input = seeds_[below(seeds_.size())];
    const size_t mutations = 1 + below(kMutationsMax);
    for (size_t i = 0; i < mutations; ++i) mutate(input);
    return input;
  }

 private:
  size_t below(size_t limit) { return static_cast<size_t>(random_() % limit); }

  Input random_bytes() {
    Input input(below(kRandomBytesMax + 1));
    for (uint8_t& byte : input) byte = static_cast<uint8_t>(random_());
    return input;
  }

  void mutate(Input& input) {
    if (input.empty()) {
      input.push_back(static_cast<uint8_t>(random_()));
      return;
    }
    const size_t at = below(input.size());
    switch (below(6)) {
      case 0:
        input[at] = static_cast<uint8_t>(random_());
        break;
      case 1:
        input[at] ^= static_cast<uint8_t>(1U << below(8));
        break;
      case 2:
        input[at] = below(2) == 0 ? 0x00 : 0xff;
        break;
      case 3:
        input.resize(at);
        break;
      case 4:
        input.insert(input.begin() + static_cast<ptrdiff_t>(at), 1 + below(16), input[at]);
        break;
      default: {
        const Input& other = seeds_[below(seeds_.size())];
        input.resize(at);
        input.insert(input.end(), other.begin() + static_cast<ptrdiff_t>(below(other.size() + 1)),
                     other.end());
        break;
      }
    }
  }

  std::mt19937_64 random_;
  const std::vector<Input>& seeds_;
};

// Without spare capacity, so that the address sanitizer sees a read one byte too far.
void run_one(Input input) {
  input.shrink_to_fit();
  LLVMFuzzerTestOneInput(input.data(), input.size());
}

}  // namespace

int main(int argument_count, char** arguments) {
  if (argument_count != 2) {
    std::fprintf(stderr, "usage: %s CORPUS_FOLDER\n", arguments[0]);
    return 1;
  }
  const uint64_t seed = number_from_environment("FS_FUZZ_SEED", kDefaultSeed);
  const uint64_t runs = number_from_environment("FS_FUZZ_RUNS", kDefaultRuns);
  const std::vector<Input> seeds = read_corpus(arguments[1]);
  // Said first, so that a crash below can be run again.
  std::printf("%zu seeds, %llu random inputs, FS_FUZZ_SEED=%llu\n", seeds.size(),
              static_cast<unsigned long long>(runs), static_cast<unsigned long long>(seed));
  std::fflush(stdout);
  InputSource source(seed, seeds);
  for (const Input& input : seeds) run_one(input);
  for (uint64_t i = 0; i < runs; ++i) run_one(source.next());
  return 0;
}
