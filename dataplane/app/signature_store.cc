#include "dataplane/app/signature_store.h"

#include <signal.h>

#include <algorithm>
#include <utility>

#include "dataplane/app/log.h"
#include "dataplane/pipeline/pipeline.h"

namespace flowscope {

namespace {

void tell(const LoadedSignatures& loaded) {
  for (const std::string& warning : loaded.warnings) log_warning("{}", warning);
  log_lines(LogLevel::Notice, "signatures", loaded.told);
}

// Signals are for the main thread.
template <class F>
std::thread thread_without_signals(F body) {
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  std::thread thread(std::move(body));
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return thread;
}

}  // namespace

Result<std::unique_ptr<SignatureStore>> SignatureStore::open(const SignatureFile& file,
                                                             const ScanOptions& options) {
  auto loaded = load_signatures(file);
  if (!loaded.ok()) return loaded.error();
  tell(loaded.value());
  std::unique_ptr<SignatureStore> store(new SignatureStore(file, options));
  store->sets_.push_back({.set = std::move(loaded.value().set)});
  return store;
}

SignatureStore::~SignatureStore() {
  if (compiling_.joinable()) compiling_.join();
}

size_t SignatureStore::worker_bytes() const {
  return current().streams_cost(SignatureScan::streams_max(options_));
}

Result<void> SignatureStore::seat(const std::vector<std::unique_ptr<Pipeline>>& pipelines) {
  for (const auto& pipeline : pipelines) pipelines_.push_back(pipeline.get());
  return offer_seats();
}

Result<void> SignatureStore::offer_seats() {
  for (Pipeline* pipeline : pipelines_) {
    auto seat = ScanSeat::create(current(), SignatureScan::streams_max(options_));
    if (!seat.ok()) return Error{file_.rules + ": " + seat.error().message};
    ++sets_.back().seats;
    free_seat(pipeline->seats().offer(std::move(seat.value())));
  }
  return {};
}

void SignatureStore::reload(const SignatureFile& file) {
  file_ = file;
  reload_again_ = true;
  if (!compiling_.joinable()) compile();
}

void SignatureStore::compile() {
  reload_again_ = false;
  compiled_.loaded.reset();
  compiled_.done.store(false, std::memory_order_relaxed);  // the thread begins after it
  compiling_ = thread_without_signals([this, file = file_] {
    compiled_.loaded.emplace(load_signatures(file));
    compiled_.done.store(true, std::memory_order_release);  // pairs with the load in poll()
  });
}

void SignatureStore::poll() {
  // Acquire: pairs with the store of the compiling thread.
  if (compiling_.joinable() && compiled_.done.load(std::memory_order_acquire)) take_compiled();
  if (reload_again_ && !compiling_.joinable()) compile();
  for (Pipeline* pipeline : pipelines_) free_seat(pipeline->seats().collect());
}

void SignatureStore::take_compiled() {
  compiling_.join();
  Result<LoadedSignatures>& loaded = *compiled_.loaded;
  if (!loaded.ok()) {
    log_error("{}", loaded.error().message);
    log_error("the rules in use stay");
    return;
  }
  tell(loaded.value());
  sets_.push_back({.set = std::move(loaded.value().set)});
  if (auto seated = offer_seats(); !seated.ok())
    log_error("{}; some workers keep the former rules", seated.error().message);
}

// With its set, when it was the last.
void SignatureStore::free_seat(std::unique_ptr<ScanSeat> seat) {
  if (seat == nullptr) return;
  const auto held = std::find_if(sets_.begin(), sets_.end(),
                                 [&](const HeldSet& each) { return each.set.get() == seat->set; });
  seat.reset();
  FS_CHECK(held != sets_.end() && held->seats != 0);
  --held->seats;
  if (held->seats == 0 && held != std::prev(sets_.end())) sets_.erase(held);
}

}  // namespace flowscope
