#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "flowcore/base/byte_reader.h"
#include "flowcore/base/bytes.h"
#include "l7/dns/name.h"
#include "l7/dns/wire.h"

namespace flowscope::dns {

// The same as rdata_is_sound() for content that is no address. Requires: some content.
[[nodiscard]] bool content_is_sound(NameCheck& names, const Record& record);

// Whether the record's content has the form its type asks for. Content of types we do not read, and
// absent content (RFC 2136 section 2.4), is always sound. Cost: at most two names, and linear in
// the content. Requires: `names` checks the message that the record lies in.
[[nodiscard]] inline bool rdata_is_sound(NameCheck& names, const Record& record) {
  if (record.rdata_bytes == 0) return true;
  if (record.is(RrType::A)) return record.rdata_bytes == 4;
  if (record.is(RrType::Aaaa)) return record.rdata_bytes == 16;
  return content_is_sound(names, record);
}

// Steps through a run of values that stand behind 16 bits of what they are and 16 bits of how long:
// EDNS options (RFC 6891 section 6.1.2), service parameters (RFC 9460 section 2.2).
class TaggedValues {
 public:
  explicit TaggedValues(Bytes run) : reader_(run) {}

  // False at the end, or when a value does not lie whole in the run: then sound() is false.
  bool next(uint16_t& tag, Bytes& value) {
    if (reader_.remaining() == 0) return false;
    tag = reader_.u16();
    value = reader_.bytes(reader_.u16());
    return reader_.ok();
  }
  // Meaningful once next() gave false.
  [[nodiscard]] bool sound() const { return reader_.ok(); }

 private:
  ByteReader reader_;
};

// The texts below are written into storage of the caller; the views live as long as it does.

// Room for the longest IPv6 text (39 characters).
using AddressText = std::array<char, 40>;
// "192.0.2.1". Requires: 4 bytes.
[[nodiscard]] std::string_view ipv4_text(Bytes address, AddressText& storage);
// "2001:db8::1", in the form of RFC 5952. Requires: 16 bytes.
[[nodiscard]] std::string_view ipv6_text(Bytes address, AddressText& storage);

// The joined strings of a TXT record (RFC 1035 section 3.3.14). A single string is borrowed from
// the message; several are copied one after the other, up to what the array holds.
class JoinedStrings {
 public:
  static constexpr size_t kBytesMax = 2048;

  // Requires: the strings fill `rdata` exactly.
  explicit JoinedStrings(Bytes rdata);
  JoinedStrings(const JoinedStrings&) = delete;
  JoinedStrings& operator=(const JoinedStrings&) = delete;
  ~JoinedStrings() = default;

  [[nodiscard]] std::string_view view() const { return view_; }
  [[nodiscard]] bool is_cut() const { return is_cut_; }

 private:
  std::string_view view_;
  bool is_cut_ = false;
  std::array<char, kBytesMax> storage_;
};

}  // namespace flowscope::dns
