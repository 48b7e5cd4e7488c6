#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "flowcore/base/byte_reader.h"
#include "flowcore/base/bytes.h"
#include "l7/dns/edns_description.h"
#include "l7/dns/name.h"
#include "l7/dns/rdata.h"
#include "l7/dns/rdata_shape.h"
#include "l7/dns/rdata_text.h"
#include "l7/dns/service_description.h"
#include "l7/dns/vocabulary.h"
#include "l7/dns/wire.h"

namespace flowscope::dns {

// Most record types of one bitmap that are written.
inline constexpr uint32_t kBitmapTypesMax = 64;

// Writes the content of records to a visitor: as "rdata" where one text says it all, else as an
// object named after the type. Types that we do not read are written in the form of RFC 3597.
// Lifetime: one call; borrows everything.
template <class V>
class RdataDescription {
 public:
  RdataDescription(Bytes message, V& visitor) : message_(message), visitor_(visitor) {}

  // Requires: content that rdata_is_sound() found good, and some.
  void write(const Record& record) {
    const Bytes rdata = message_.sub(record.rdata_at, record.rdata_bytes);
    AddressText address;
    switch (record.type) {
      case number_of(RrType::A):
        return visitor_.text("rdata", ipv4_text(rdata, address));
      case number_of(RrType::Aaaa):
        return visitor_.text("rdata", ipv6_text(rdata, address));
      case number_of(RrType::Ns):
      case number_of(RrType::Cname):
      case number_of(RrType::Ptr):
      case number_of(RrType::Dname):
      case number_of(RrType::Md):
      case number_of(RrType::Mf):
      case number_of(RrType::Mb):
      case number_of(RrType::Mg):
      case number_of(RrType::Mr):
        return write_name("rdata", record.rdata_at);
      case number_of(RrType::Mx):
        visitor_.number("preference", load_be16(rdata, 0));
        return write_name("rdata", record.rdata_at + 2);
      case number_of(RrType::Txt):
      case number_of(RrType::Spf):
        return write_strings(rdata);
      case number_of(RrType::Opt):
        return describe_edns_options(rdata, visitor_);
      case number_of(RrType::Svcb):
        return describe_service("svcb", message_, record, visitor_);
      case number_of(RrType::Https):
        return describe_service("https", message_, record, visitor_);
      default:
        return write_other(record, rdata);
    }
  }

 private:
  void write_name(const char* name, size_t name_at) {
    NameText text;
    (void)read_name(message_, name_at, text);
    visitor_.text(name, text.view());
  }

  void write_strings(Bytes rdata) {
    const JoinedStrings joined(rdata);
    visitor_.text("rdata", joined.view());
    if (joined.is_cut()) visitor_.boolean("rdata_truncated", true);
  }

  void write_other(const Record& record, Bytes rdata) {
    const RdataShape shape = shape_of(record.type);
    if (!shape.fields.empty()) return write_shape(record, shape);
    HexText storage;
    if (record.is(RrType::Loc) && rdata[0] == 0)
      return visitor_.text("rdata", location_text(rdata, storage));
    visitor_.text("rdata", generic_text(rdata, storage));
    if (rdata.size() > kHexBytesMax) visitor_.boolean("rdata_truncated", true);
  }

  void write_shape(const Record& record, const RdataShape& shape) {
    visitor_.begin_object(shape.object);
    ByteReader reader(message_.sub(record.rdata_at, record.rdata_bytes));
    is_cut_ = false;
    for (const RdataField& field : shape.fields) write_field(record, field, reader);
    if (is_cut_) visitor_.boolean("truncated", true);
    visitor_.end_object();
  }

  void write_field(const Record& record, const RdataField& field, ByteReader& reader) {
    using Kind = RdataField::Kind;
    switch (field.kind) {
      case Kind::U8:
        return visitor_.number(field.name, reader.u8());
      case Kind::U16:
        return visitor_.number(field.name, reader.u16());
      case Kind::U32:
        return visitor_.number(field.name, reader.u32());
      case Kind::U48: {
        const uint64_t high = reader.u16();
        return visitor_.number(field.name, high << 32 | reader.u32());
      }
      case Kind::Type:
        return visitor_.text(field.name, rr_type_name(reader.u16()));
      case Kind::KeyTag:
        return visitor_.number(field.name,
                               key_tag(message_.sub(record.rdata_at, record.rdata_bytes)));
      case Kind::Name: {
        const size_t name_at = record.rdata_at + reader.position();
        reader.skip(end_of_name(message_, name_at) - name_at);
        return write_name(field.name, name_at);
      }
      case Kind::Text8:
        return visitor_.text(field.name, reader.bytes(reader.u8()).as_text());
      case Kind::TextRest:
        return visitor_.text(field.name, take_rest(reader).as_text());
      case Kind::Hex8:
        return write_coded(field.name, reader.bytes(reader.u8()), hex_text);
      case Kind::Hex16:
        return write_coded(field.name, reader.bytes(reader.u16()), hex_text);
      case Kind::HexRest:
        return write_coded(field.name, take_rest(reader), hex_text);
      case Kind::ColonsRest:
        return write_coded(field.name, take_rest(reader), colons_text);
      case Kind::Base32:
        return write_coded(field.name, reader.bytes(reader.u8()), base32_text);
      case Kind::Types:
        return write_types(field.name, take_rest(reader));
    }
  }

  static Bytes take_rest(ByteReader& reader) { return reader.bytes(reader.remaining()); }

  void write_coded(const char* name, Bytes value, std::string_view (*text_of)(Bytes, HexText&)) {
    HexText storage;
    visitor_.text(name, text_of(value, storage));
    is_cut_ |= value.size() > kHexBytesMax;
  }

  void write_types(const char* name, Bytes bitmap) {
    visitor_.begin_array(name);
    TypeBitmap types(bitmap);
    uint32_t written = 0;
    for (uint16_t type = 0; types.next(type); ++written) {
      if (written == kBitmapTypesMax) {
        is_cut_ = true;
        break;
      }
      visitor_.text(nullptr, rr_type_name(type));
    }
    visitor_.end_array();
  }

  Bytes message_;
  V& visitor_;
  bool is_cut_ = false;  // something of the present record was left out
};

}  // namespace flowscope::dns
