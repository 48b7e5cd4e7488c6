#include "dataplane/app/signature_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <optional>

#include "dataplane/app/pipeline_options.h"
#include "l7/digest/digest.h"
#include "l7/known/known.h"

namespace flowscope {

namespace {

// A cache file: these bytes, the digest of what the databases were made from, the digest of the
// databases, the databases.
constexpr std::string_view kCacheMark = "flowscope signatures 1\n";
constexpr size_t kDigestBytes = Sha256::kDigestBytes;
constexpr size_t kCacheBytesMax = size_t{4} << 30;
using Digest = std::array<uint8_t, kDigestBytes>;

// An open file, closed when done with.
class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() {
    if (number_ >= 0) close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  [[nodiscard]] int number() const { return number_; }
  [[nodiscard]] bool is_open() const { return number_ >= 0; }

 private:
  int number_;
};

std::string system_reason() { return std::strerror(errno); }

Result<std::string> read_whole(const std::string& path, size_t bytes_max) {
  const Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.is_open()) return Error{system_reason()};
  struct stat facts {};
  if (fstat(file.number(), &facts) != 0) return Error{system_reason()};
  if (!S_ISREG(facts.st_mode)) return Error{"is not a file"};
  std::string text;
  std::array<char, 65536> piece;
  for (;;) {
    const ssize_t count = read(file.number(), piece.data(), piece.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return Error{system_reason()};
    if (count == 0) return text;
    text.append(piece.data(), static_cast<size_t>(count));
    if (text.size() > bytes_max) return Error{"is too large"};
  }
}

Result<void> write_whole(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t count = write(descriptor, text.data(), text.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return Error{system_reason()};
    text.remove_prefix(static_cast<size_t>(count));
  }
  return {};
}

// Under another name first, so that nobody ever sees half of it.
Result<void> replace_file(const std::string& path, std::string_view text) {
  const std::string unfinished = fmt::format("{}.{}", path, getpid());
  Result<void> done;
  {
    const Descriptor file(open(unfinished.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    if (!file.is_open()) return Error{system_reason()};
    done = write_whole(file.number(), text);
    if (done.ok() && fsync(file.number()) != 0) done = Error{system_reason()};
  }
  if (done.ok() && rename(unfinished.c_str(), path.c_str()) != 0) done = Error{system_reason()};
  if (!done.ok()) unlink(unfinished.c_str());
  return done;
}

// Everything that the databases depend on.
Digest key_of(std::string_view rules) {
  Sha256 hash;
  for (const std::string_view part : {kCacheMark, pattern_library_version()}) {
    hash.update(Bytes::of(part));
    hash.update(Bytes::of("\n"));
  }
  hash.update(Bytes::of(pattern_platform()));
  hash.update(Bytes::of("\n"));
  hash.update(Bytes::of(rules));
  return hash.finish();
}

Bytes bytes_of(const Digest& digest) { return {digest.data(), digest.size()}; }

// What the cache holds for `key`; nothing where it is of other rules. An error says why it cannot
// be used although it should.
Result<std::optional<std::string>> read_cache(const std::string& path, const Digest& key) {
  if (access(path.c_str(), F_OK) != 0) return std::optional<std::string>();
  auto text = read_whole(path, kCacheBytesMax);
  if (!text.ok()) return text.error();
  Bytes bytes = Bytes::of(text.value());
  if (!bytes.starts_with(kCacheMark) || bytes.size() < kCacheMark.size() + 2 * kDigestBytes)
    return Error{"is not a cache of compiled rules"};
  bytes = bytes.after(kCacheMark.size());
  if (!(bytes.first(kDigestBytes) == bytes_of(key))) return std::optional<std::string>();
  const Bytes databases = bytes.after(2 * kDigestBytes);
  if (!(bytes.sub(kDigestBytes, kDigestBytes) == bytes_of(sha256(databases))))
    return Error{"is damaged"};
  return std::optional<std::string>(databases.as_text());
}

Result<void> write_cache(const std::string& path, const Digest& key, const SignatureSet& set) {
  auto databases = set.database_bytes();
  if (!databases.ok()) return databases.error();
  const Digest digest = sha256(Bytes::of(databases.value()));
  std::string text(kCacheMark);
  text.append(bytes_of(key).as_text()).append(bytes_of(digest).as_text()).append(databases.value());
  return replace_file(path, text);
}

Result<RuleFile> parse(const SignatureFile& file, std::string_view text) {
  RuleFile rules = parse_rules(text, file.protocols);
  if (rules.faults_total == 0) check_patterns(rules);
  if (rules.faults_total != 0) return Error{rules.faults_text(file.rules)};
  if (rules.signatures.empty())
    return Error{file.rules + ": holds no rule; write one, or set signatures.rules to off"};
  return rules;
}

Result<std::unique_ptr<SignatureSet>> compile(const SignatureFile& file,
                                              std::vector<Signature> signatures) {
  RuleFault fault;
  auto set = SignatureSet::compile(std::move(signatures), &fault);
  if (set.ok()) return set;
  RuleFile told;
  told.add_fault(fault.line, fault.text);
  return Error{told.faults_text(file.rules)};
}

std::string told_of(const SignatureSet& set, const char* how, double seconds) {
  return fmt::format("signatures {} {} in {:.3f} s, {:.1f} MiB", set.count(), how, seconds,
                     static_cast<double>(set.size_bytes()) / (1 << 20));
}

}  // namespace

SignatureFile signature_file(const SignaturesConfig& config) {
  SignatureFile file{.rules = config.rules,
                     .cache = config.cache == "off" ? std::string{} : config.cache,
                     .protocols = parser_names()};
  const auto add = [&](std::string_view name) {
    if (std::find(file.protocols.begin(), file.protocols.end(), name) == file.protocols.end())
      file.protocols.push_back(name);
  };
  for (const auto& protocol : known::kStreams) add(protocol.name);
  for (const auto& protocol : known::kDatagrams) add(protocol.name);
  return file;
}

Result<LoadedSignatures> load_signatures(const SignatureFile& file) {
  const auto begin = std::chrono::steady_clock::now();
  const auto seconds = [begin] {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  };
  if (!can_scan_patterns())
    return Error{file.rules
                 + ": this build has no Hyperscan, so it cannot look for signatures; install "
                   "libhyperscan-dev and build again, or set signatures.rules to off"};
  auto text = read_whole(file.rules, RuleFile::kBytesMax);
  if (!text.ok()) return Error{file.rules + ": cannot be read: " + text.error().message};
  auto rules = parse(file, text.value());
  if (!rules.ok()) return rules.error();

  LoadedSignatures loaded;
  const Digest key = key_of(text.value());
  if (!file.cache.empty()) {
    const auto warn = [&](const std::string& reason) {
      loaded.warnings.push_back(
          fmt::format("{}: {}; the rules are compiled anew", file.cache, reason));
    };
    auto kept = read_cache(file.cache, key);
    if (!kept.ok()) {
      warn(kept.error().message);
    } else if (kept.value().has_value()) {
      auto set = SignatureSet::restore(rules.value().signatures, Bytes::of(*kept.value()));
      if (set.ok()) {
        loaded.set = std::move(set.value());
        loaded.told = told_of(*loaded.set, "taken compiled from the cache", seconds());
        return loaded;
      }
      warn(set.error().message);
    }
  }
  auto set = compile(file, std::move(rules.value().signatures));
  if (!set.ok()) return set.error();
  loaded.set = std::move(set.value());
  if (!file.cache.empty()) {
    if (auto written = write_cache(file.cache, key, *loaded.set); !written.ok())
      loaded.warnings.push_back(
          fmt::format("{}: cannot be written: {}; the next start compiles the rules again",
                      file.cache, written.error().message));
  }
  loaded.told = told_of(*loaded.set, "compiled", seconds());
  return loaded;
}

}  // namespace flowscope
