// Feeds one input to the TLS parser as a series of steps; see stream_steps.h.
#include <cstddef>
#include <cstdint>

#include "l7/tls/tls.h"
#include "tests/fuzz/stream_steps.h"
#include "tests/unit/l7/tls/recording_sink.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  flowscope::fuzz::check_stream<flowscope::tls::TlsParser, flowscope::tls::test::RecordingSink>(
      {bytes, size});
  return 0;
}
