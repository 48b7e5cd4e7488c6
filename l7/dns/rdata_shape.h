#pragma once

#include <cstdint>
#include <span>

#include "flowcore/base/byte_reader.h"
#include "flowcore/base/bytes.h"
#include "l7/dns/name.h"
#include "l7/dns/wire.h"

namespace flowscope::dns {

// One field of a record's content, as it lies on the wire and as it is described.
struct RdataField {
  enum class Kind : uint8_t {
    U8,
    U16,
    U32,
    U48,
    Type,        // 16 bits: the mnemonic of a record type
    KeyTag,      // no bytes: the checksum of all of the content, RFC 4034 appendix B
    Name,        // may be compressed, whatever the RFC of its type says
    Text8,       // behind a length byte
    TextRest,    // to the end of the content
    Hex8,        // behind a length byte
    Hex16,       // behind two length bytes
    HexRest,     // to the end of the content
    ColonsRest,  // the same, "ab:cd:ef"
    Base32,      // behind a length byte; RFC 4648 section 7, as NSEC3 owners are written
    Types,       // bitmap of record types to the end of the content, RFC 4034 section 4.1.2
  };
  const char* name = nullptr;
  Kind kind = Kind::U8;
};

// The content of a record type that is a row of fields. Without fields: not such a type.
struct RdataShape {
  const char* object = nullptr;  // the name under which the fields are written
  std::span<const RdataField> fields;
};

// Cost: a binary search in some 30. The shape lives for ever.
[[nodiscard]] RdataShape shape_of(uint16_t type);

// Whether the content is made of the shape's fields and ends with the last of them.
[[nodiscard]] bool fits_shape(NameCheck& names, const Record& record, const RdataShape& shape);

// The record types of a bitmap, ascending. Lifetime: borrows the bitmap. Cost of all of next():
// linear in its bytes, for a window may come only once.
class TypeBitmap {
 public:
  explicit TypeBitmap(Bytes bitmap) : reader_(bitmap) {}

  // The next type; false when there is none, or at the first fault: then sound() is false.
  bool next(uint16_t& type);
  // Meaningful once next() gave false.
  [[nodiscard]] bool sound() const { return reader_.ok(); }

 private:
  bool open_window();

  ByteReader reader_;
  Bytes window_;
  int32_t window_number_ = -1;
  uint32_t bit_ = 0;
};

// RFC 4034 appendix B, of the content of a DNSKEY record.
[[nodiscard]] uint16_t key_tag(Bytes rdata);

}  // namespace flowscope::dns
