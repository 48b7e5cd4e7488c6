// The one file that knows Hyperscan.
#include <hs/hs.h>

#include <cstdlib>
#include <utility>
#include <vector>

#include "flowcore/base/check.h"
#include "l7/scan/pattern_database.h"

namespace flowscope {

namespace {

// Names of the errors that set-up can meet; the rest are our bugs.
std::string text_of(hs_error_t error) {
  switch (error) {
    case HS_NOMEM:
      return "not enough memory";
    case HS_DB_VERSION_ERROR:
      return "the database was compiled by another version of Hyperscan";
    case HS_DB_PLATFORM_ERROR:
      return "the database was compiled for another processor";
    case HS_DB_MODE_ERROR:
      return "the database was compiled for another mode of scanning";
    case HS_ARCH_ERROR:
      return "Hyperscan needs a processor with SSSE3";
    default:
      return "Hyperscan gave error " + std::to_string(error);
  }
}

Error error_of(hs_error_t error) { return Error{text_of(error)}; }

unsigned flags_of(const Pattern& pattern) {
  return (pattern.caseless ? HS_FLAG_CASELESS : 0U) | (pattern.dot_is_any ? HS_FLAG_DOTALL : 0U)
         | (pattern.multi_line ? HS_FLAG_MULTILINE : 0U)
         | (pattern.single_match ? HS_FLAG_SINGLEMATCH : 0U);
}

unsigned mode_of(ScanMode mode) { return mode == ScanMode::Block ? HS_MODE_BLOCK : HS_MODE_STREAM; }

// Hyperscan's message of a failed compilation, freed.
struct CompileError {
  hs_compile_error_t* error = nullptr;
  CompileError() = default;
  CompileError(const CompileError&) = delete;
  CompileError& operator=(const CompileError&) = delete;
  ~CompileError() {
    if (error != nullptr) hs_free_compile_error(error);
  }
  [[nodiscard]] std::string text() const {
    return error != nullptr && error->message != nullptr ? error->message : "no reason given";
  }
  [[nodiscard]] size_t index() const {
    return error != nullptr && error->expression >= 0 ? static_cast<size_t>(error->expression)
                                                      : PatternFault::kNone;
  }
};

// How a match goes from the library's call to ours.
struct Told {
  MatchCall call;
  void* taker;
};

int pass_on(unsigned id, unsigned long long, unsigned long long to, unsigned, void* told_of) {
  const Told& told = *static_cast<Told*>(told_of);
  return told.call(told.taker, id, to) ? 0 : 1;
}

ScanStatus status_of(hs_error_t error) {
  if (error == HS_SCAN_TERMINATED) return ScanStatus::Stopped;
  // What remains are arguments that do not fit together: a scratch never fitted, or in use.
  FS_CHECK(error == HS_SUCCESS);
  return ScanStatus::Done;
}

}  // namespace

bool can_scan_patterns() { return hs_valid_platform() == HS_SUCCESS; }

std::string_view pattern_library_version() { return hs_version(); }

std::string pattern_platform() {
  hs_platform_info_t platform{};
  if (hs_populate_platform(&platform) != HS_SUCCESS) return {};
  return std::to_string(platform.tune) + ":" + std::to_string(platform.cpu_features);
}

Result<void> check_pattern(const Pattern& pattern) {
  if (pattern.expression.find('\0') != std::string::npos)
    return Error{"holds a NUL byte; write \\x00"};
  CompileError failed;
  hs_expr_info_t* found = nullptr;
  if (hs_expression_info(pattern.expression.c_str(), flags_of(pattern), &found, &failed.error)
      != HS_SUCCESS)
    return Error{failed.text()};
  const hs_expr_info_t facts = *found;
  std::free(found);  // NOLINT(cppcoreguidelines-no-malloc): the library's, by its contract
  if (facts.min_width == 0) return Error{"matches nothing at all, so it would match everywhere"};
  if (facts.matches_only_at_eod != 0)
    return Error{"matches only at the end of the bytes, which is not looked for; leave the $ out"};
  return {};
}

Result<PatternDatabase> PatternDatabase::own(hs_database* database, ScanMode mode) {
  PatternDatabase made(database, mode);
  // Only streams have a size: the check of the mode, for what was deserialized.
  size_t bytes = 0;
  const bool is_stream = hs_stream_size(database, &bytes) == HS_SUCCESS;
  if (is_stream != (mode == ScanMode::Stream)) return error_of(HS_DB_MODE_ERROR);
  return made;
}

Result<PatternDatabase> PatternDatabase::compile(std::span<const Pattern> patterns, ScanMode mode,
                                                 PatternFault* fault) {
  FS_CHECK(!patterns.empty());
  std::vector<const char*> expressions;
  std::vector<unsigned> flags;
  std::vector<unsigned> ids;
  for (const Pattern& pattern : patterns) {
    expressions.push_back(pattern.expression.c_str());
    flags.push_back(flags_of(pattern));
    ids.push_back(pattern.id);
  }
  hs_database_t* database = nullptr;
  CompileError failed;
  if (hs_compile_multi(expressions.data(), flags.data(), ids.data(),
                       static_cast<unsigned>(patterns.size()), mode_of(mode), nullptr, &database,
                       &failed.error)
      == HS_SUCCESS)
    return own(database, mode);
  if (fault != nullptr) *fault = {failed.index(), failed.text()};
  const bool is_known = failed.index() < patterns.size();
  return Error{(is_known ? "pattern " + std::to_string(failed.index()) + " ("
                               + patterns[failed.index()].expression + "): "
                         : std::string{})
               + failed.text()};
}

Result<PatternDatabase> PatternDatabase::deserialize(Bytes bytes, ScanMode mode) {
  hs_database_t* database = nullptr;
  const hs_error_t error = hs_deserialize_database(bytes.as_text().data(), bytes.size(), &database);
  if (error != HS_SUCCESS) return error_of(error);
  return own(database, mode);
}

Result<std::string> PatternDatabase::serialize() const {
  char* bytes = nullptr;
  size_t count = 0;
  const hs_error_t error = hs_serialize_database(database_.get(), &bytes, &count);
  if (error != HS_SUCCESS) return error_of(error);
  std::string text(bytes, count);
  std::free(bytes);  // NOLINT(cppcoreguidelines-no-malloc): the library's, by its contract
  return text;
}

size_t PatternDatabase::size_bytes() const {
  size_t bytes = 0;
  FS_CHECK(hs_database_size(database_.get(), &bytes) == HS_SUCCESS);
  return bytes;
}

size_t PatternDatabase::stream_bytes() const {
  size_t bytes = 0;
  FS_CHECK(hs_stream_size(database_.get(), &bytes) == HS_SUCCESS);
  return bytes;
}

void PatternDatabase::Free::operator()(hs_database* database) const { hs_free_database(database); }

Result<void> ScanScratch::fit(const PatternDatabase& database) {
  hs_scratch_t* scratch = scratch_.release();
  const hs_error_t error = hs_alloc_scratch(database.database_.get(), &scratch);
  // After a failure the library has freed it.
  if (error != HS_SUCCESS) return error_of(error);
  scratch_.reset(scratch);
  return {};
}

size_t ScanScratch::size_bytes() const {
  size_t bytes = 0;
  if (scratch_) FS_CHECK(hs_scratch_size(scratch_.get(), &bytes) == HS_SUCCESS);
  return bytes;
}

void ScanScratch::Free::operator()(hs_scratch* scratch) const { hs_free_scratch(scratch); }

Result<StreamPool> StreamPool::create(const PatternDatabase& database, uint32_t capacity) {
  FS_CHECK(database.mode() == ScanMode::Stream);
  StreamPool pool;
  pool.places_ = std::make_unique<Place[]>(capacity);
  for (uint32_t i = 0; i < capacity; ++i) {
    const hs_error_t error = hs_open_stream(database.database_.get(), 0, &pool.places_[i].stream);
    if (error != HS_SUCCESS) return error_of(error);
    pool.capacity_ = i + 1;
    pool.places_[i].next_free = i + 1 < capacity ? i + 2 : kNone;
  }
  pool.free_ = capacity != 0 ? 1 : kNone;
  return pool;
}

StreamPool::~StreamPool() {
  for (uint32_t i = 0; i < capacity_; ++i)
    hs_close_stream(places_[i].stream, nullptr, nullptr, nullptr);
}

StreamPool::StreamPool(StreamPool&& other) noexcept { *this = std::move(other); }

StreamPool& StreamPool::operator=(StreamPool&& other) noexcept {
  std::swap(places_, other.places_);
  std::swap(capacity_, other.capacity_);
  std::swap(live_, other.live_);
  std::swap(free_, other.free_);
  return *this;
}

StreamPool::Handle StreamPool::take() {
  if (free_ == kNone) return kNone;
  const Handle handle = free_;
  free_ = places_[handle - 1].next_free;
  ++live_;
  restart(handle);
  return handle;
}

void StreamPool::give_back(Handle handle) {
  FS_DCHECK(handle != kNone && handle <= capacity_ && live_ > 0);
  places_[handle - 1].next_free = free_;
  free_ = handle;
  --live_;
}

void StreamPool::restart(Handle handle) {
  FS_DCHECK(handle != kNone && handle <= capacity_);
  // Without a taker of matches the library needs no scratch: it only clears the stream's state.
  FS_CHECK(hs_reset_stream(places_[handle - 1].stream, 0, nullptr, nullptr, nullptr) == HS_SUCCESS);
}

size_t StreamPool::cost(const PatternDatabase& database, uint32_t capacity) {
  constexpr size_t kAllocationBytes = 16;  // what malloc adds to each
  return capacity * (database.stream_bytes() + kAllocationBytes + sizeof(Place));
}

ScanStatus PatternScan::block(const PatternDatabase& database, ScanScratch& scratch, Bytes bytes,
                              MatchCall call, void* taker) {
  FS_DCHECK(bytes.size() <= UINT32_MAX);
  Told told{call, taker};
  return status_of(hs_scan(database.database_.get(), bytes.as_text().data(),
                           static_cast<unsigned>(bytes.size()), 0, scratch.scratch_.get(), &pass_on,
                           &told));
}

ScanStatus PatternScan::stream(StreamPool& pool, StreamPool::Handle handle, ScanScratch& scratch,
                               Bytes bytes, MatchCall call, void* taker) {
  FS_DCHECK(handle != StreamPool::kNone && handle <= pool.capacity_);
  FS_DCHECK(bytes.size() <= UINT32_MAX);
  Told told{call, taker};
  return status_of(hs_scan_stream(pool.places_[handle - 1].stream, bytes.as_text().data(),
                                  static_cast<unsigned>(bytes.size()), 0, scratch.scratch_.get(),
                                  &pass_on, &told));
}

}  // namespace flowscope
