#pragma once

#include <cstddef>
#include <cstdint>

#include "flowcore/base/byte_reader.h"
#include "flowcore/base/bytes.h"

namespace flowscope::tls {

// Tags of the DER encoding (ITU-T X.690 8.1.2) that a certificate is made of.
enum class DerTag : uint8_t {
  Boolean = 0x01,
  Integer = 0x02,
  OctetString = 0x04,
  ObjectIdentifier = 0x06,
  UniversalString = 0x1c,
  BmpString = 0x1e,
  UtcTime = 0x17,
  GeneralizedTime = 0x18,
  Sequence = 0x30,
  Set = 0x31,
  // Tags that the structure around them gives a meaning; constructed ones have bit 0x20.
  Context0 = 0xa0,
  Context3 = 0xa3,
};

// Walks items {tag, length, body} that follow one another, such as the members of a SEQUENCE. Only
// definite lengths of at most three bytes and tag numbers below 31 are read, which is all that a
// certificate needs. One step is constant work and nothing is followed inwards by itself, so that
// no nesting costs a stack.
//   DerWalk walk(body);
//   while (walk.next()) use(walk.tag(), walk.body());
// Lifetime: that of the bytes.
class DerWalk {
 public:
  explicit DerWalk(Bytes bytes) : bytes_(bytes), reader_(bytes) {}

  // False at the end, and at the first item that does not fit.
  bool next() {
    if (!reader_.ok() || reader_.remaining() == 0) return false;
    begin_ = reader_.position();
    tag_ = DerTag{reader_.u8()};
    body_ = reader_.bytes(read_length());
    if ((static_cast<uint8_t>(tag_) & kTagNumber) == kTagNumber) reader_.fail();
    return reader_.ok();
  }
  // Goes on to the next item; false when there is none or it has another tag.
  bool next(DerTag tag) { return next() && tag_ == tag; }

  [[nodiscard]] DerTag tag() const { return tag_; }
  [[nodiscard]] Bytes body() const { return body_; }
  // The item with its tag and length.
  [[nodiscard]] Bytes whole() const { return bytes_.sub(begin_, position() - begin_); }
  // How many bytes the items so far take up.
  [[nodiscard]] size_t position() const { return reader_.position(); }

 private:
  static constexpr uint8_t kTagNumber = 0x1f;

  // X.690 8.1.3: below 128 it stands for itself, else for the number of bytes that hold it.
  size_t read_length() {
    const uint8_t first = reader_.u8();
    switch (first) {
      case 0x81:
        return reader_.u8();
      case 0x82:
        return reader_.u16();
      case 0x83:
        return reader_.u24();
      default:
        break;
    }
    if (first >= 0x80) reader_.fail();
    return first;
  }

  Bytes bytes_;
  ByteReader reader_;
  Bytes body_;
  size_t begin_ = 0;
  DerTag tag_{};
};

}  // namespace flowscope::tls
