#include "dataplane/dpdk/log_stream.h"

#include <rte_log.h>

#include <utility>

namespace flowscope {

DpdkLogStream::DpdkLogStream(OnLine on_line) : on_line_(std::move(on_line)) {
  const cookie_io_functions_t functions{
      .read = nullptr, .write = on_write, .seek = nullptr, .close = nullptr};
  stream_ = fopencookie(this, "w", functions);
  if (stream_ == nullptr) return;  // DPDK goes on with its own
  (void)std::setvbuf(stream_, nullptr, _IOLBF, kLineBytesMax);
  (void)rte_openlog_stream(stream_);
}

DpdkLogStream::~DpdkLogStream() {
  if (stream_ == nullptr) return;
  (void)rte_openlog_stream(nullptr);
  (void)std::fclose(stream_);
  if (!line_.empty()) give_on();
}

ssize_t DpdkLogStream::on_write(void* stream, const char* text, size_t bytes) {
  static_cast<DpdkLogStream*>(stream)->take({text, bytes});
  return static_cast<ssize_t>(bytes);
}

void DpdkLogStream::take(std::string_view text) {
  // DPDK flushes after each message, so this one is what is written.
  level_ = static_cast<uint32_t>(rte_log_cur_msg_loglevel());
  for (const char letter : text) {
    if (letter != '\n') line_ += letter;
    if (letter == '\n' || line_.size() == kLineBytesMax) give_on();
  }
}

void DpdkLogStream::give_on() {
  on_line_(level_, line_);
  line_.clear();
}

}  // namespace flowscope
