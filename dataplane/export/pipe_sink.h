#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>

#include "dataplane/export/descriptor.h"
#include "dataplane/export/output_sink.h"
#include "flowcore/base/result.h"

namespace flowscope {

// A FIFO, or standard output whatever that is. A reader that is only slow is waited for. When a
// reader leaves, what lies unread in a FIFO is kept for the next one, and a line that is only half
// in there is completed.
class PipeSink final : public OutputSink {
 public:
  // Waits until the FIFO has a reader.
  static Result<std::unique_ptr<OutputSink>> open(const std::string& path, OutputShared& shared);
  static Result<std::unique_ptr<OutputSink>> open_standard_output(OutputShared& shared);
  ~PipeSink() override;

  [[nodiscard]] int prepare(uint64_t now_ns) override;
  void between_lines(uint64_t, size_t) override {}
  [[nodiscard]] Written write(std::string_view text) override;
  void reopen(uint64_t now_ns) override;

 private:
  PipeSink(OutputShared& shared, std::string path, Descriptor pipe, int shared_number);
  [[nodiscard]] bool has_other_pipe() const;
  // Takes the FIFO that has our name now. 0 or an errno.
  [[nodiscard]] int open_again();

  std::string path_;  // empty: standard output, which cannot be opened again
  Descriptor pipe_;   // ours to close, or none
  int number_;        // what is written to
  uint64_t now_ns_ = 0;
  uint64_t retry_at_ns_ = 0;
  int error_ = 0;  // why nothing is written before that
};

}  // namespace flowscope
