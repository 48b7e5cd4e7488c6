#pragma once

#include <cstdint>

#include "flowcore/base/byte_reader.h"
#include "flowcore/base/bytes.h"

namespace flowscope::quic {

// Whose numbers and shapes of frames a packet uses: the RFC's, or those of Google's versions before
// it.
enum class FrameDialect : uint8_t { Rfc, Google };

// What a FrameWalk stops at. None: the payload is read to its end. Invalid: a frame that is cut off
// or that has no place in an Initial packet (RFC 9000 17.2.2).
enum class FrameKind : uint8_t { None, Crypto, Close, Invalid };

struct Frame {
  FrameKind kind = FrameKind::None;
  uint64_t offset = 0;      // Crypto
  Bytes bytes;              // Crypto: handshake bytes
  uint64_t error_code = 0;  // Close
};

// Walks the frames of an opened Initial packet; padding, pings and acknowledgements are stepped
// over (RFC 9000 12.4, 19). Cost: in all, no more steps than the payload has bytes.
class FrameWalk {
 public:
  FrameWalk(Bytes payload, FrameDialect dialect) : reader_(payload), dialect_(dialect) {}

  // Call no more after None or Invalid.
  Frame next();

 private:
  void skip_padding();
  Frame read_crypto();
  Frame read_close();
  Frame read_google_close();
  void skip_acknowledgement(bool has_counts);
  void skip_google_acknowledgement(uint8_t type);

  ByteReader reader_;
  FrameDialect dialect_;
};

}  // namespace flowscope::quic
