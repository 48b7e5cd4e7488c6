#include "dataplane/pcap/file_port.h"

#include <sys/stat.h>

namespace flowscope {

// Standard input and pipes can be looked into only once, by the reader itself, and a named pipe
// must not even be opened here: closing it again would tell its writer that nobody listens.
Result<void> FilePort::check(const std::vector<std::string>& paths) {
  for (const std::string& path : paths) {
    struct stat status {};
    const bool exists = path != "-" && stat(path.c_str(), &status) == 0;
    if (path == "-" || (exists && S_ISFIFO(status.st_mode))) continue;
    const Result<CaptureReader> reader = CaptureReader::open(path);
    if (!reader.ok()) return reader.error();
  }
  return {};
}

size_t FilePort::receive_from_next(Burst& burst) {
  burst.count = 0;
  while (!ended()) {
    if (reader_ && reader_->ended()) close_reader();
    if (!reader_) open_next();
    if (!reader_) continue;
    if (reader_->read(burst, packets_max_) != 0) {
      count_in(burst);
      break;
    }
    if (!reader_->ended()) break;  // a pipe without news
  }
  return burst.count;
}

void FilePort::open_next() {
  if (next_path_ == paths_.size()) return;
  Result<CaptureReader> opened = CaptureReader::open(paths_[next_path_++]);
  if (opened.ok()) {
    reader_.emplace(std::move(opened.value()));
  } else {
    faults_.push_back(opened.error());
  }
}

void FilePort::close_reader() {
  if (reader_->fault()) faults_.push_back(*reader_->fault());
  reader_.reset();
}

}  // namespace flowscope
