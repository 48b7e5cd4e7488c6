#pragma once

#include <array>
#include <cstdint>

#include "flowcore/base/buffer_pool.h"
#include "flowcore/base/bytes.h"
#include "l7/parser.h"
#include "l7/tls/wire.h"

namespace flowscope::tls {

// What HandshakeReader::next came upon. Unreadable: bytes that are TLS but say nothing any more
// (the side was joined in its middle, or is encrypted). Invalid: bytes that are no TLS records.
enum class Found : uint8_t {
  Nothing,
  ClientHello,
  ServerHello,
  DraftRetryRequest,
  Ssl2ClientHello,
  Ssl2ServerHello,
  Certificate,
  CertificateRequest,  // without its body
  ServerHelloDone,
  Alert,
  Unreadable,
  InvalidRecord,
  TooLong,
  NoMemory,
};

// The clear beginning of one side of a TLS stream: takes records apart and puts handshake messages
// together, wherever segments and records cut them. A message that lies whole in one run of bytes
// is handed out in place; only a part of one is ever copied, and messages that nobody wants are
// passed over without a copy.
// Bytes in front of the first record are passed over, kLeadInBytesMax at most.
class HandshakeReader {
 public:
  // Of a whole message with its header: what one Buffer can hold.
  static constexpr size_t kMessageBytesMax = BufferPool::kBlockBytesMax;
  // What identification may have kept of a side before TLS began.
  static constexpr size_t kLeadInBytesMax = kProbeBytes;

  // Which messages may come. SecondHello: a hello again, after a request for one, and a
  // ChangeCipherSpec before it (RFC 8446 D.4). Server, Client: what follows the hello of that part
  // until encryption begins (RFC 5246 7.3).
  enum class Flight : uint8_t { Hello, SecondHello, Server, Client };

  struct Step {
    Found found = Found::Nothing;
    Bytes body;  // the message without its header, or the alert; valid until the next call
  };

  explicit HandshakeReader(BufferPool& buffers) : partial_(buffers) {}

  // Reads on in `bytes`, moving its start, up to the next thing found. Nothing: all bytes are used
  // up. Do not call again once it found Unreadable, InvalidRecord, TooLong or NoMemory.
  Step next(Bytes& bytes);
  // In force from the next message on.
  void expect(Flight flight) { flight_ = flight; }

  // True when some bytes are missing here and reading can still go on behind them: no record is
  // open. What follows may then be anything without being a fault.
  [[nodiscard]] bool skip_gap();
  // Some record was read; the side does speak TLS.
  [[nodiscard]] bool has_begun() const { return begun_; }
  // Gives back the memory of a message in parts.
  void release() { partial_.clear(); }

 private:
  bool gather(Bytes& bytes, size_t count);
  Step open_record();
  Step refuse_record();
  Step read_ssl2_header();
  Step read_alert(Bytes& bytes);
  Step read_handshake(Bytes& bytes);
  Step read_whole_message(Bytes& bytes, Bytes fragment);
  bool append(Bytes& bytes, size_t count);
  void consume(Bytes& bytes, size_t count);

  Buffer partial_;               // the beginning of a handshake message, header included
  uint32_t pass_over_left_ = 0;  // bytes to come of a message that nobody wants
  uint16_t record_left_ = 0;     // bytes of the open record that have not come yet
  ContentType content_type_{};   // of the open record
  uint8_t head_bytes_ = 0;
  std::array<uint8_t, kRecordHeaderBytes>
      head_{};                 // a record header or an alert that came in parts
  uint8_t lead_in_bytes_ = 0;  // passed over in front of the first record
  Flight flight_ = Flight::Hello;
  bool begun_ = false;
  bool after_gap_ = false;
  bool partial_is_handed_out_ = false;
};

}  // namespace flowscope::tls
