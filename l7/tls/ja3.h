#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "l7/digest/digest_memo.h"
#include "l7/tls/client_hello.h"
#include "l7/tls/server_hello.h"

namespace flowscope::tls {

// A JA3 or JA3S fingerprint: its text and the text's MD5 in hexadecimal.
//   JA3   version,ciphers,extensions,groups,point formats     JA3S   version,cipher,extensions
// Numbers are decimal in wire order, joined by '-' within a field; GREASE is left out.
// About 4 KiB: a scratch on the stack, not something to keep.
class Ja3 {
 public:
  // A longer text (about 680 numbers; real clients send 20 to 150) is hashed but not kept.
  static constexpr size_t kTextBytesMax = 4096;

  // Costs an MD5, unless `digests` has it.
  explicit Ja3(const ClientHello& hello, DigestMemo* digests = nullptr);
  explicit Ja3(const ServerHello& hello, DigestMemo* digests = nullptr);

  [[nodiscard]] std::string_view hash() const { return {hash_.data(), hash_.size()}; }
  // Empty when it was longer than kTextBytesMax.
  [[nodiscard]] std::string_view text() const {
    return {text_.data(), text_overflowed_ ? 0 : text_bytes_};
  }

 private:
  void put_number(uint16_t number);
  void put_list(U16List list);
  void put_extensions(Bytes block);
  void next_field();
  void make_room();
  void finish(DigestMemo* digests);

  Md5 md5_;  // of what overflowed
  size_t text_bytes_ = 0;
  bool field_started_ = false;
  bool text_overflowed_ = false;
  std::array<char, Md5::kDigestBytes * 2> hash_;
  // Left unset: only text_bytes_ of it are ever read. A number is written as eight characters.
  std::array<char, kTextBytesMax + sizeof(uint64_t)> text_;
};

}  // namespace flowscope::tls
