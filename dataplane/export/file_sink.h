#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>

#include "dataplane/export/descriptor.h"
#include "dataplane/export/output_sink.h"
#include "flowcore/base/result.h"

namespace flowscope {

struct OutputOptions;

// A file, or a device that is written like one. What is written is appended, so that others may
// cut the file short (copytruncate). A file that was deleted is begun anew at once, with what the
// write that met this had to say; where another file has its name now, that one is taken within a
// second. A file that was renamed is gone on with until reopen(). Rotation renames the file to
// NAME.YYYYmmddTHHMMSSZ, or with a number behind it where that name is taken, between two lines.
class FileSink final : public OutputSink {
 public:
  static Result<std::unique_ptr<OutputSink>> open(const OutputOptions& options,
                                                  OutputShared& shared);

  [[nodiscard]] int prepare(uint64_t now_ns) override;
  void between_lines(uint64_t now_ns, size_t bytes) override;
  [[nodiscard]] Written write(std::string_view text) override;
  void reopen(uint64_t now_ns) override;
  void set_rotation(const Rotation& rotation) override { rotation_ = rotation; }

 private:
  enum class Content : uint8_t { Keep, Discard };

  FileSink(const OutputOptions& options, OutputShared& shared);
  // Opens the file of this name and goes on in it. 0 or an errno; then nothing has changed.
  [[nodiscard]] int open_file(Content content);
  void end_half_line();
  // Nobody can reach the file any more.
  [[nodiscard]] bool was_deleted() const;
  // Sees to it that we write to the file that has our name.
  void follow_name();
  [[nodiscard]] bool is_due(uint64_t now_ns, size_t bytes) const;
  void rotate(uint64_t now_ns);
  [[nodiscard]] Written begun_anew(size_t bytes_in_vain);

  std::string path_;
  Rotation rotation_;

  Descriptor file_;
  bool is_regular_ = false;  // and has a name
  dev_t device_ = 0;
  ino_t number_ = 0;
  uint64_t size_ = 0;
  uint64_t now_ns_ = 0;        // of the last call that told
  uint64_t begun_ns_ = 0;      // when the first line came into the file, or its opening
  uint64_t next_look_ns_ = 0;  // at the name
  uint64_t rotate_not_before_ns_ = 0;
  uint64_t retry_at_ns_ = 0;
  int error_ = 0;             // why nothing is written before that
  bool was_renamed_ = false;  // by us, and the new file could not be opened yet
};

}  // namespace flowscope
