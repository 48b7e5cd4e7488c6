#pragma once

#include <cstddef>
#include <cstdint>

#include "flowcore/base/byte_reader.h"
#include "flowcore/base/bytes.h"
#include "l7/dns/name.h"
#include "l7/dns/rdata.h"
#include "l7/dns/rdata_text.h"
#include "l7/dns/vocabulary.h"
#include "l7/dns/wire.h"

namespace flowscope::dns {

// Most parameters without a name of ours, and most elements of one list, that are written.
inline constexpr uint32_t kServiceValuesMax = 32;

// Writes a SVCB or HTTPS record (RFC 9460): parameters that we know under their names with dashes
// as underscores, then the others in the array "params". Parameters whose content is not what
// section 7 asks for are among the others. Lifetime: one call; borrows everything.
template <class V>
class ServiceDescription {
 public:
  ServiceDescription(Bytes message, V& visitor) : message_(message), visitor_(visitor) {}

  void write(const Record& record) {
    visitor_.number("priority", load_be16(message_, record.rdata_at));
    const size_t target_at = record.rdata_at + 2;
    NameText target;
    (void)read_name(message_, target_at, target);
    visitor_.text("target", target.view());
    const size_t params_at = end_of_name(message_, target_at);
    const Bytes params = message_.sub(params_at, record.rdata_at + record.rdata_bytes - params_at);
    uint32_t others = 0;
    TaggedValues walk(params);
    Bytes value;
    for (uint16_t key = 0; walk.next(key, value);) others += write_known(key, value) ? 0 : 1;
    if (others != 0) write_others(params);
    if (is_cut_ || others > kServiceValuesMax) visitor_.boolean("truncated", true);
  }

 private:
  // What a parameter's content must look like to be written under its name.
  static bool is_readable(uint16_t key, Bytes value) {
    const size_t size = value.size();
    switch (static_cast<SvcParam>(key)) {
      case SvcParam::Mandatory:
        return size != 0 && size % 2 == 0;
      case SvcParam::Alpn:
        return size != 0 && are_strings(value);
      case SvcParam::NoDefaultAlpn:
      case SvcParam::Ohttp:
        return size == 0;
      case SvcParam::Port:
        return size == 2;
      case SvcParam::Ipv4Hint:
        return size != 0 && size % 4 == 0;
      case SvcParam::Ipv6Hint:
        return size != 0 && size % 16 == 0;
      case SvcParam::Ech:
      case SvcParam::DohPath:
        return true;
    }
    return false;
  }
  static bool are_strings(Bytes value) {
    ByteReader reader(value);
    while (reader.ok() && reader.remaining() != 0) reader.skip(reader.u8());
    return reader.ok();
  }

  bool write_known(uint16_t key, Bytes value) {
    if (!is_readable(key, value)) return false;
    switch (static_cast<SvcParam>(key)) {
      case SvcParam::Mandatory:
        write_list("mandatory", value, [this](ByteReader& reader) {
          NumberText scratch;
          visitor_.text(nullptr, svc_param_name(reader.u16(), scratch));
        });
        break;
      case SvcParam::Alpn:
        write_list("alpn", value, [this](ByteReader& reader) {
          visitor_.text(nullptr, reader.bytes(reader.u8()).as_text());
        });
        break;
      case SvcParam::NoDefaultAlpn:
        visitor_.boolean("no_default_alpn", true);
        break;
      case SvcParam::Port:
        visitor_.number("port", load_be16(value, 0));
        break;
      case SvcParam::Ipv4Hint:
        write_list("ipv4hint", value, [this](ByteReader& reader) {
          AddressText storage;
          visitor_.text(nullptr, ipv4_text(reader.bytes(4), storage));
        });
        break;
      case SvcParam::Ech:
        write_hex("ech", value);
        break;
      case SvcParam::Ipv6Hint:
        write_list("ipv6hint", value, [this](ByteReader& reader) {
          AddressText storage;
          visitor_.text(nullptr, ipv6_text(reader.bytes(16), storage));
        });
        break;
      case SvcParam::DohPath:
        visitor_.text("dohpath", value.as_text());
        break;
      case SvcParam::Ohttp:
        visitor_.boolean("ohttp", true);
        break;
    }
    return true;
  }

  template <class WriteNext>
  void write_list(const char* name, Bytes value, WriteNext&& write_next) {
    visitor_.begin_array(name);
    ByteReader reader(value);
    for (uint32_t i = 0; reader.remaining() != 0 && i < kServiceValuesMax; ++i) write_next(reader);
    is_cut_ |= reader.remaining() != 0;
    visitor_.end_array();
  }

  void write_hex(const char* name, Bytes value) {
    HexText storage;
    visitor_.text(name, hex_text(value, storage));
    is_cut_ |= value.size() > kHexBytesMax;
  }

  void write_others(Bytes params) {
    visitor_.begin_array("params");
    TaggedValues walk(params);
    Bytes value;
    uint32_t written = 0;
    for (uint16_t key = 0; written < kServiceValuesMax && walk.next(key, value);) {
      if (is_readable(key, value)) continue;
      ++written;
      NumberText scratch;
      visitor_.begin_object(nullptr);
      visitor_.text("key", svc_param_name(key, scratch));
      write_hex("value", value);
      visitor_.end_object();
    }
    visitor_.end_array();
  }

  Bytes message_;
  V& visitor_;
  bool is_cut_ = false;
};

// Requires: a record that rdata_is_sound() found good. `object` is a literal.
template <class V>
void describe_service(const char* object, Bytes message, const Record& record, V& visitor) {
  visitor.begin_object(object);
  ServiceDescription<V>(message, visitor).write(record);
  visitor.end_object();
}

}  // namespace flowscope::dns
