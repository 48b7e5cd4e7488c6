// A build without Hyperscan: nothing can be made, and whatever needs something made is never
// called.
#include "flowcore/base/check.h"
#include "l7/scan/pattern_database.h"

namespace flowscope {

namespace {

Error absent() {
  return Error{"this build has no Hyperscan (libhyperscan-dev, -Dhyperscan=enabled)"};
}

}  // namespace

bool can_scan_patterns() { return false; }
std::string_view pattern_library_version() { return {}; }
std::string pattern_platform() { return {}; }
Result<void> check_pattern(const Pattern&) { return absent(); }

Result<PatternDatabase> PatternDatabase::compile(std::span<const Pattern>, ScanMode,
                                                 PatternFault* fault) {
  if (fault != nullptr) *fault = {PatternFault::kNone, absent().message};
  return absent();
}
Result<PatternDatabase> PatternDatabase::deserialize(Bytes, ScanMode) { return absent(); }
Result<std::string> PatternDatabase::serialize() const { return absent(); }
size_t PatternDatabase::size_bytes() const { return 0; }
size_t PatternDatabase::stream_bytes() const { return 0; }
void PatternDatabase::Free::operator()(hs_database*) const {}

Result<void> ScanScratch::fit(const PatternDatabase&) { return absent(); }
size_t ScanScratch::size_bytes() const { return 0; }
void ScanScratch::Free::operator()(hs_scratch*) const {}

Result<StreamPool> StreamPool::create(const PatternDatabase&, uint32_t) { return absent(); }
StreamPool::~StreamPool() = default;
StreamPool::StreamPool(StreamPool&&) noexcept = default;
StreamPool& StreamPool::operator=(StreamPool&&) noexcept = default;
StreamPool::Handle StreamPool::take() { return kNone; }
void StreamPool::give_back(Handle) {}
void StreamPool::restart(Handle) {}
size_t StreamPool::cost(const PatternDatabase&, uint32_t) { return 0; }

ScanStatus PatternScan::block(const PatternDatabase&, ScanScratch&, Bytes, MatchCall, void*) {
  FS_CHECK(false);
  return ScanStatus::Stopped;
}
ScanStatus PatternScan::stream(StreamPool&, StreamPool::Handle, ScanScratch&, Bytes, MatchCall,
                               void*) {
  FS_CHECK(false);
  return ScanStatus::Stopped;
}

}  // namespace flowscope
