// Feeds one input to the SSH parser as a series of steps; see stream_steps.h.
#include <cstddef>
#include <cstdint>

#include "l7/ssh/ssh.h"
#include "tests/fuzz/stream_steps.h"
#include "tests/unit/l7/ssh/recording_sink.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  flowscope::fuzz::check_stream<flowscope::ssh::SshParser, flowscope::ssh::test::RecordingSink>(
      {bytes, size});
  return 0;
}
