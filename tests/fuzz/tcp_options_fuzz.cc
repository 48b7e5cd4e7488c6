#include <cstdint>
#include <cstdlib>

#include "flowcore/packet/tcp_options.h"
#include "flowcore/track/syn_kinds.h"

namespace flowscope {
namespace {

// Ends the run where the reader breaks its word; the sanitizers see reads that leave the input.
void require(bool condition) {
  if (!condition) std::abort();
}

void read_options(Bytes bytes) {
  const TcpOptions options = TcpOptions::read(bytes);
  require(options.kinds_count <= TcpOptions::kKindsMax && options.kinds_count <= bytes.size());
  require(options.window_scale <= TcpOptions::kWindowScaleMax);
  require(options.has_window_scale || options.window_scale == 0);

  SynKinds kinds;
  kinds.read(options);
  require(kinds.count() == options.kinds_count);
  for (uint32_t i = 0; i < kinds.count(); ++i) {
    require(kinds.kind(i) == options.kinds[i] || kinds.kind(i) == SynKinds::kOtherKind);
  }
  const SynKinds::Text kinds_text = kinds.text();
  const std::string_view text = kinds_text.text();
  require((kinds.count() == 0) == text.empty());
  require(text.empty() || (text.front() != ',' && text.back() != ','));
  if (options.kinds_count < TcpOptions::kKindsMax) {
    require(!options.has_timestamps || kinds.has(TcpOptions::kTimestamps));
    require(!options.sack_permitted || kinds.has(TcpOptions::kSackPermitted));
    require(options.segment_size_max == 0 || kinds.has(TcpOptions::kSegmentSizeMax));
  }
}

}  // namespace
}  // namespace flowscope

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  flowscope::read_options({bytes, size});
  return 0;
}
