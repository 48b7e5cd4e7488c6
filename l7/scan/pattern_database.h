#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

#include "flowcore/base/bytes.h"
#include "flowcore/base/result.h"

// Hyperscan's own types. Only hyperscan.cc knows what they hold.
struct hs_database;
struct hs_scratch;
struct hs_stream;

namespace flowscope {

// Whether this build can search for patterns at all. Without Hyperscan everything below still
// links, and every call that makes something gives an error that says so.
[[nodiscard]] bool can_scan_patterns();
// The library's version, e.g. "5.4.0 2021-01-26"; empty without it.
[[nodiscard]] std::string_view pattern_library_version();
// The instruction set that databases are compiled for on this machine: part of a cache's key.
[[nodiscard]] std::string pattern_platform();

// One thing to search for.
struct Pattern {
  std::string expression;  // PCRE syntax as far as Hyperscan has it; no NUL bytes (write \x00)
  uint32_t id = 0;         // what a match is told by; several patterns may share it
  bool caseless = false;
  bool dot_is_any = true;     // '.' matches line ends as well
  bool multi_line = false;    // '^' and '$' match at line ends, not only at the ends of the bytes
  bool single_match = false;  // told of once per scan of a block, and once per stream
};

// An expression that matches exactly these bytes.
[[nodiscard]] std::string literal_expression(Bytes bytes);
// Whether one pattern can be searched for, quicker than compiling it: its syntax, and that it
// matches neither nothing at all nor only at the end of the bytes (a stream's end is not looked
// for).
[[nodiscard]] Result<void> check_pattern(const Pattern& pattern);

enum class ScanMode : uint8_t {
  Block,   // each scan is of bytes that stand alone
  Stream,  // bytes come in pieces; matches may lie across them
};

// Which pattern a database could not be compiled for.
struct PatternFault {
  static constexpr size_t kNone = std::numeric_limits<size_t>::max();
  size_t index = kNone;  // into the patterns given; kNone when it is none of them in particular
  std::string text;
};

// Patterns compiled by Hyperscan, to be searched for all at once. For set-up to make (compiling
// takes milliseconds to seconds and allocates). Thread rule: immutable, any number of threads may
// scan.
class PatternDatabase {
 public:
  // On failure `fault` tells which pattern it was, as far as is known. Requires: at least one
  // pattern.
  static Result<PatternDatabase> compile(std::span<const Pattern> patterns, ScanMode mode,
                                         PatternFault* fault = nullptr);
  // What serialize() gave, on the same machine type and library; anything else is an error where
  // Hyperscan can see it, so keep a digest beside bytes that were out of our hands.
  static Result<PatternDatabase> deserialize(Bytes bytes, ScanMode mode);
  [[nodiscard]] Result<std::string> serialize() const;

  [[nodiscard]] ScanMode mode() const { return mode_; }
  [[nodiscard]] size_t size_bytes() const;
  // What one open stream takes. Requires: ScanMode::Stream.
  [[nodiscard]] size_t stream_bytes() const;

 private:
  friend class ScanScratch;
  friend class StreamPool;
  friend class PatternScan;
  struct Free {
    void operator()(hs_database* database) const;
  };
  PatternDatabase(hs_database* database, ScanMode mode) : database_(database), mode_(mode) {}
  // Takes over what Hyperscan made.
  static Result<PatternDatabase> own(hs_database* database, ScanMode mode);

  std::unique_ptr<hs_database, Free> database_;
  ScanMode mode_;
};

// Working memory of one thread's scans, good for every database it was fitted to.
class ScanScratch {
 public:
  // Grows the memory to what `database` needs. For set-up.
  Result<void> fit(const PatternDatabase& database);
  [[nodiscard]] size_t size_bytes() const;

 private:
  friend class PatternScan;
  friend class StreamPool;
  struct Free {
    void operator()(hs_scratch* scratch) const;
  };
  std::unique_ptr<hs_scratch, Free> scratch_;
};

// What a match is told to: `taker` is what was given to the scan, `end` the offset just behind the
// match, from the start of the block or of the stream. False stops the scan. It must not scan.
using MatchCall = bool (*)(void* taker, uint32_t id, uint64_t end);

enum class ScanStatus : uint8_t {
  Done,
  Stopped,  // by the taker of a match
};

// A fixed number of streams of one database, all opened at the start and reset at reuse, so that
// taking one allocates nothing. Handle 0 means "none". Thread rule: one thread.
class StreamPool {
 public:
  using Handle = uint32_t;
  static constexpr Handle kNone = 0;

  // Requires: ScanMode::Stream; `database` outlives the pool.
  static Result<StreamPool> create(const PatternDatabase& database, uint32_t capacity);
  StreamPool() = default;
  ~StreamPool();
  StreamPool(StreamPool&& other) noexcept;
  StreamPool& operator=(StreamPool&& other) noexcept;
  StreamPool(const StreamPool&) = delete;
  StreamPool& operator=(const StreamPool&) = delete;

  // A stream that has seen no bytes, or kNone when every place is taken.
  [[nodiscard]] Handle take();
  // Requires: a handle from take(), given back once.
  void give_back(Handle handle);
  // Forgets the bytes seen: the next ones are the first.
  void restart(Handle handle);

  [[nodiscard]] uint32_t live() const { return live_; }
  [[nodiscard]] uint32_t capacity() const { return capacity_; }
  // Memory of `capacity` streams of `database`.
  static size_t cost(const PatternDatabase& database, uint32_t capacity);

 private:
  friend class PatternScan;
  struct Place {
    hs_stream* stream;
    Handle next_free;
  };
  std::unique_ptr<Place[]> places_;
  uint32_t capacity_ = 0;
  uint32_t live_ = 0;
  Handle free_ = kNone;
};

// The scans themselves. No allocation, no lock; cost is Hyperscan's: 0.3 to 0.7 ns a byte.
class PatternScan {
 public:
  // Requires: ScanMode::Block; `scratch` was fitted to `database` and is in use by no other scan.
  static ScanStatus block(const PatternDatabase& database, ScanScratch& scratch, Bytes bytes,
                          MatchCall call, void* taker);
  // The next bytes of a stream; a scan that was stopped has to be restarted before the next.
  // Requires: `scratch` was fitted to the pool's database and is in use by no other scan.
  static ScanStatus stream(StreamPool& pool, StreamPool::Handle handle, ScanScratch& scratch,
                           Bytes bytes, MatchCall call, void* taker);

  // The same with `on_match(uint32_t id, uint64_t end)`, which gives false to stop.
  template <class OnMatch>
  static ScanStatus block(const PatternDatabase& database, ScanScratch& scratch, Bytes bytes,
                          OnMatch&& on_match) {
    return block(database, scratch, bytes, &tell<std::remove_reference_t<OnMatch>>, &on_match);
  }
  template <class OnMatch>
  static ScanStatus stream(StreamPool& pool, StreamPool::Handle handle, ScanScratch& scratch,
                           Bytes bytes, OnMatch&& on_match) {
    return stream(pool, handle, scratch, bytes, &tell<std::remove_reference_t<OnMatch>>, &on_match);
  }

 private:
  template <class OnMatch>
  static bool tell(void* taker, uint32_t id, uint64_t end) {
    return (*static_cast<OnMatch*>(taker))(id, end);
  }
};

}  // namespace flowscope
