#include "l7/signatures/signature_set.h"

#include <cstring>
#include <utility>

namespace flowscope {

namespace {

std::vector<Pattern> patterns_for(const std::vector<Signature>& signatures,
                                  SignatureTransport transport) {
  std::vector<Pattern> patterns;
  for (const Signature& signature : signatures) {
    if (signature.is_for(transport)) patterns.push_back(signature.pattern);
  }
  return patterns;
}

Result<void> compile_for(const std::vector<Signature>& signatures, SignatureTransport transport,
                         std::optional<PatternDatabase>& place, RuleFault* fault) {
  const std::vector<Pattern> patterns = patterns_for(signatures, transport);
  if (patterns.empty()) return {};
  PatternFault in;
  auto database = PatternDatabase::compile(
      patterns, transport == SignatureTransport::Tcp ? ScanMode::Stream : ScanMode::Block, &in);
  if (database.ok()) {
    place = std::move(database.value());
    return {};
  }
  RuleFault told{.line = 0, .text = "the rules cannot be compiled: " + in.text};
  if (in.index < patterns.size())
    told = {.line = signatures[patterns[in.index].id].line,
            .text = "the pattern cannot be compiled: " + in.text};
  if (fault != nullptr) *fault = told;
  return Error{told.text};
}

// Both databases one behind the other, each behind its length: 8 bytes, this machine's order, for
// the databases are this machine's too.
void put_database(std::string& bytes, std::string_view database) {
  const uint64_t size = database.size();
  bytes.append(sizeof size, '\0');
  std::memcpy(bytes.data() + bytes.size() - sizeof size, &size, sizeof size);
  bytes.append(database);
}

Result<void> take_database(Bytes& bytes, bool is_wanted, ScanMode mode,
                           std::optional<PatternDatabase>& place) {
  uint64_t size = 0;
  if (bytes.size() < sizeof size) return Error{"the databases are cut short"};
  std::memcpy(&size, bytes.begin(), sizeof size);
  bytes = bytes.after(sizeof size);
  if (size > bytes.size() || (size != 0) != is_wanted)
    return Error{"the databases are not those of these signatures"};
  if (size == 0) return {};
  auto database = PatternDatabase::deserialize(bytes.first(size), mode);
  if (!database.ok()) return database.error();
  place = std::move(database.value());
  bytes = bytes.after(size);
  return {};
}

}  // namespace

Result<std::unique_ptr<SignatureSet>> SignatureSet::compile(std::vector<Signature> signatures,
                                                            RuleFault* fault) {
  FS_CHECK(!signatures.empty());
  std::unique_ptr<SignatureSet> set(new SignatureSet(std::move(signatures)));
  for (const auto transport : {SignatureTransport::Tcp, SignatureTransport::Udp}) {
    auto& place = transport == SignatureTransport::Tcp ? set->streams_ : set->datagrams_;
    if (auto compiled = compile_for(set->signatures_, transport, place, fault); !compiled.ok())
      return compiled.error();
  }
  return set;
}

Result<std::unique_ptr<SignatureSet>> SignatureSet::restore(std::vector<Signature> signatures,
                                                            Bytes database_bytes) {
  std::unique_ptr<SignatureSet> set(new SignatureSet(std::move(signatures)));
  const auto is_wanted = [&](SignatureTransport transport) {
    return !patterns_for(set->signatures_, transport).empty();
  };
  if (auto taken = take_database(database_bytes, is_wanted(SignatureTransport::Tcp),
                                 ScanMode::Stream, set->streams_);
      !taken.ok())
    return taken.error();
  if (auto taken = take_database(database_bytes, is_wanted(SignatureTransport::Udp),
                                 ScanMode::Block, set->datagrams_);
      !taken.ok())
    return taken.error();
  return set;
}

Result<std::string> SignatureSet::database_bytes() const {
  std::string bytes;
  for (const PatternDatabase* database : {streams(), datagrams()}) {
    std::string text;
    if (database != nullptr) {
      auto serialized = database->serialize();
      if (!serialized.ok()) return serialized.error();
      text = std::move(serialized.value());
    }
    put_database(bytes, text);
  }
  return bytes;
}

size_t SignatureSet::size_bytes() const {
  return (streams_ ? streams_->size_bytes() : 0) + (datagrams_ ? datagrams_->size_bytes() : 0);
}

Result<std::unique_ptr<ScanSeat>> ScanSeat::create(const SignatureSet& set, uint32_t streams_max) {
  auto seat = std::make_unique<ScanSeat>();
  seat->set = &set;
  for (const PatternDatabase* database : {set.streams(), set.datagrams()}) {
    if (database == nullptr) continue;
    if (auto fitted = seat->scratch.fit(*database); !fitted.ok()) return fitted.error();
  }
  if (set.streams() != nullptr) {
    auto streams = StreamPool::create(*set.streams(), streams_max);
    if (!streams.ok()) return streams.error();
    seat->streams = std::move(streams.value());
  }
  return seat;
}

}  // namespace flowscope
