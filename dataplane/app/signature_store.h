#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "dataplane/app/signature_file.h"
#include "l7/signatures/signature_scan.h"

namespace flowscope {

class Pipeline;

// Owns the signatures of a run, hands them to the workers and changes them on reload: the rules are
// compiled on a thread of their own, each worker takes its new seat before its next burst, and what
// was used before is freed once every worker has given it up. No worker ever waits. Thread rule:
// the main thread. Lifetime: outlives the pipelines' workers, and is destroyed after the pipelines.
class SignatureStore {
 public:
  // Loads the rules and says so on standard error.
  ~SignatureStore();
  SignatureStore(const SignatureStore&) = delete;
  SignatureStore& operator=(const SignatureStore&) = delete;
  static Result<std::unique_ptr<SignatureStore>> open(const SignatureFile& file,
                                                      const ScanOptions& options);

  // Gives every worker its first seat. Once, before they start.
  Result<void> seat(const std::vector<std::unique_ptr<Pipeline>>& pipelines);
  // Begins to read the rules again, from `file`; once more when it is at it already.
  void reload(const SignatureFile& file);
  // To be called now and then: goes on with a reload, and frees what workers have given up.
  void poll();

  // What each worker's streams take, beside the budget of its pipeline.
  [[nodiscard]] size_t worker_bytes() const;
  [[nodiscard]] const SignatureSet& current() const { return *sets_.back().set; }
  // Sets that some worker may still use.
  [[nodiscard]] size_t sets_held() const { return sets_.size(); }
  [[nodiscard]] bool is_reloading() const { return compiling_.joinable() || reload_again_; }

 private:
  // A set and how many of its seats have not come back: while there are any, a worker may scan with
  // it.
  struct HeldSet {
    std::unique_ptr<SignatureSet> set;
    size_t seats = 0;
  };
  // What the thread of a reload made, for the main thread to take when it is done.
  struct Compiled {
    std::optional<Result<LoadedSignatures>> loaded;
    // Released by the thread behind `loaded`, acquired by poll().
    std::atomic<bool> done{false};
  };
  SignatureStore(SignatureFile file, const ScanOptions& options)
      : file_(std::move(file)), options_(options) {}
  void compile();
  void take_compiled();
  Result<void> offer_seats();
  void free_seat(std::unique_ptr<ScanSeat> seat);

  SignatureFile file_;
  ScanOptions options_;
  std::vector<HeldSet> sets_;  // the last is the one in use
  std::vector<Pipeline*> pipelines_;
  Compiled compiled_;
  std::thread compiling_;
  bool reload_again_ = false;
};

}  // namespace flowscope
