#include "l7/tls/ja3.h"

#include <charconv>

namespace flowscope::tls {
namespace {

// A separator and the five digits of 65535.
constexpr size_t kItemBytesMax = 6;

}  // namespace

Ja3::Ja3(const ClientHello& hello) {  // NOLINT(cppcoreguidelines-pro-type-member-init)
  put_number(static_cast<uint16_t>(hello.legacy_version));
  next_field();
  put_list(hello.cipher_suites);
  next_field();
  put_extensions(hello.extensions);
  next_field();
  put_list(hello.supported_groups);
  next_field();
  for (const uint8_t format : hello.point_formats) put_number(format);
  finish();
}

Ja3::Ja3(const ServerHello& hello) {  // NOLINT(cppcoreguidelines-pro-type-member-init)
  put_number(static_cast<uint16_t>(hello.legacy_version));
  next_field();
  put_number(hello.cipher_suite);
  next_field();
  put_extensions(hello.extensions);
  finish();
}

void Ja3::put_number(uint16_t number) {
  make_room();
  if (field_started_) text_[text_bytes_++] = '-';
  field_started_ = true;
  char* const first = text_.data() + text_bytes_;
  text_bytes_ +=
      static_cast<size_t>(std::to_chars(first, first + kItemBytesMax, number).ptr - first);
}

void Ja3::put_list(U16List list) {
  for (size_t i = 0; i < list.size(); ++i) {
    if (!is_grease(list[i])) put_number(list[i]);
  }
}

void Ja3::put_extensions(Bytes block) {
  ExtensionWalk walk(block);
  while (walk.next()) {
    if (!is_grease(walk.type())) put_number(walk.type());
  }
}

void Ja3::next_field() {
  make_room();
  text_[text_bytes_++] = ',';
  field_started_ = false;
}

// Hands a full text to the hash and starts over, so that the hash is right for any length.
void Ja3::make_room() {
  if (kTextBytesMax - text_bytes_ > kItemBytesMax) return;
  md5_.update(Bytes::of({text_.data(), text_bytes_}));
  text_bytes_ = 0;
  text_overflowed_ = true;
}

void Ja3::finish() {
  md5_.update(Bytes::of({text_.data(), text_bytes_}));
  const auto digest = md5_.finish();
  write_hex(Bytes(digest.data(), digest.size()), hash_);
}

}  // namespace flowscope::tls
