#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "flowcore/base/bytes.h"
#include "flowcore/base/result.h"
#include "l7/signatures/rule_file.h"
#include "l7/signatures/signature.h"

namespace flowscope {

// Signatures with what finds them: one database for streams, one for datagrams. Made by set-up.
// Thread rule: immutable, shared by all workers. Lifetime: outlives every ScanSeat made from it.
class SignatureSet {
 public:
  // Takes milliseconds to seconds. A fault tells which line cannot be compiled. Requires: at least
  // one signature, numbered by their place.
  static Result<std::unique_ptr<SignatureSet>> compile(std::vector<Signature> signatures,
                                                       RuleFault* fault);
  // The same from what database_bytes() gave for the same signatures.
  static Result<std::unique_ptr<SignatureSet>> restore(std::vector<Signature> signatures,
                                                       Bytes database_bytes);
  [[nodiscard]] Result<std::string> database_bytes() const;

  [[nodiscard]] const Signature& signature(uint32_t id) const { return signatures_[id]; }
  [[nodiscard]] size_t count() const { return signatures_.size(); }
  // Null where no signature is for them.
  [[nodiscard]] const PatternDatabase* streams() const { return streams_ ? &*streams_ : nullptr; }
  [[nodiscard]] const PatternDatabase* datagrams() const {
    return datagrams_ ? &*datagrams_ : nullptr;
  }
  // Memory of both databases.
  [[nodiscard]] size_t size_bytes() const;
  // Memory of a ScanSeat's streams.
  [[nodiscard]] size_t streams_cost(uint32_t streams_max) const {
    return streams_ ? StreamPool::cost(*streams_, streams_max) : 0;
  }

 private:
  explicit SignatureSet(std::vector<Signature> signatures) : signatures_(std::move(signatures)) {}

  std::vector<Signature> signatures_;
  std::optional<PatternDatabase> streams_;
  std::optional<PatternDatabase> datagrams_;
};

// What one worker scans with: the set, working memory, and the streams of all its flows, opened
// beforehand. Made by set-up or by a reload, off the workers; used by one worker.
struct ScanSeat {
  static Result<std::unique_ptr<ScanSeat>> create(const SignatureSet& set, uint32_t streams_max);

  const SignatureSet* set = nullptr;
  ScanScratch scratch;
  StreamPool streams;
};

}  // namespace flowscope
