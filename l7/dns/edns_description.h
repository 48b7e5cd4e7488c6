#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>

#include "flowcore/base/byte_reader.h"
#include "flowcore/base/bytes.h"
#include "l7/dns/rdata.h"
#include "l7/dns/rdata_text.h"
#include "l7/dns/vocabulary.h"

namespace flowscope::dns {

// Most options of one OPT record that are written.
inline constexpr uint32_t kEdnsOptionsMax = 16;

// RFC 7871 section 6: family, two prefix lengths, and as many address bytes as the first needs.
template <class V>
bool describe_client_subnet(Bytes value, V& visitor) {
  ByteReader reader(value);
  const uint16_t family = reader.u16();
  const uint8_t source_bits = reader.u8();
  const uint8_t scope_bits = reader.u8();
  const Bytes prefix = reader.rest();
  const size_t address_bytes = family == 1 ? 4 : 16;
  if (!reader.ok() || family == 0 || family > 2 || source_bits > 8 * address_bytes
      || prefix.size() != (source_bits + 7U) / 8) {
    return false;
  }
  std::array<uint8_t, 16> address{};
  std::copy(prefix.begin(), prefix.end(), address.begin());
  AddressText storage;
  const Bytes whole{address.data(), address_bytes};
  visitor.text("address", family == 1 ? ipv4_text(whole, storage) : ipv6_text(whole, storage));
  visitor.number("source_prefix", source_bits);
  visitor.number("scope_prefix", scope_bits);
  return true;
}

// RFC 7873 section 4: 8 bytes of the client, then none or 8 to 32 of the server.
template <class V>
bool describe_cookie(Bytes value, V& visitor) {
  if (value.size() != 8 && (value.size() < 16 || value.size() > 40)) return false;
  HexText storage;
  visitor.text("client", hex_text(value.first(8), storage));
  if (value.size() > 8) visitor.text("server", hex_text(value.after(8), storage));
  return true;
}

// RFC 8914 section 2: a code, and a text for people.
template <class V>
bool describe_extended_error(Bytes value, V& visitor) {
  if (value.size() < 2) return false;
  const uint16_t code = load_be16(value, 0);
  visitor.number("info_code", code);
  const std::string_view purpose = extended_error_name(code);
  if (!purpose.empty()) visitor.text("purpose", purpose);
  if (value.size() > 2) visitor.text("extra_text", value.after(2).as_text());
  return true;
}

// The fields of one option; false, and nothing is written, where the content is not what the option
// asks for or the option is not one that we read.
template <class V>
bool describe_option_content(uint16_t code, Bytes value, V& visitor) {
  switch (static_cast<EdnsOption>(code)) {
    case EdnsOption::Nsid:
      visitor.text("nsid", value.as_text());
      return true;
    case EdnsOption::ClientSubnet:
      return describe_client_subnet(value, visitor);
    case EdnsOption::Cookie:
      return describe_cookie(value, visitor);
    case EdnsOption::TcpKeepalive:  // RFC 7828 section 3.1: empty in requests, else 100 ms units
      if (value.size() == 2) visitor.number("timeout_ms", 100 * load_be16(value, 0));
      return value.empty() || value.size() == 2;
    case EdnsOption::Padding:
      visitor.number("padding_bytes", value.size());
      return true;
    case EdnsOption::ExtendedError:
      return describe_extended_error(value, visitor);
  }
  return false;
}

// Writes the options of an OPT record as the array "opt". Requires: whole options, one at least.
template <class V>
void describe_edns_options(Bytes options, V& visitor) {
  visitor.begin_array("opt");
  TaggedValues walk(options);
  uint16_t code = 0;
  Bytes value;
  uint32_t seen = 0;
  for (; walk.next(code, value); ++seen) {
    if (seen >= kEdnsOptionsMax) continue;
    visitor.begin_object(nullptr);
    visitor.number("code", code);
    const std::string_view name = edns_option_name(code);
    if (!name.empty()) visitor.text("name", name);
    if (!describe_option_content(code, value, visitor) && !value.empty()) {
      HexText storage;
      visitor.text("data", hex_text(value, storage));
      if (value.size() > kHexBytesMax) visitor.boolean("truncated", true);
    }
    visitor.end_object();
  }
  visitor.end_array();
  if (seen > kEdnsOptionsMax) visitor.number("opt_omitted", seen - kEdnsOptionsMax);
}

}  // namespace flowscope::dns
