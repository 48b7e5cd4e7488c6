#include "l7/dns/name.h"

#include <algorithm>
#include <cstring>

namespace flowscope::dns {

namespace {

// Printable ASCII that stands for itself in presentation form.
constexpr std::array<bool, 256> make_plain_table() {
  std::array<bool, 256> plain{};
  for (size_t byte = 0x20; byte < 0x7f; ++byte) plain[byte] = byte != '.' && byte != '\\';
  return plain;
}
constexpr std::array<bool, 256> kPlain = make_plain_table();

}  // namespace

bool LabelWalk::follow_pointer(uint8_t high_bits) {
  if (message_.size() - position_ < 2 || ++pointers_ > kNamePointersMax) return stop_at_fault();
  const size_t target = (size_t{high_bits} & 0x3f) << 8 | message_[position_ + 1];
  if (target >= run_start_) return stop_at_fault();
  position_ = run_start_ = target;
  return true;
}

void NameText::append_label(Bytes label) {
  if (size_ != 0) characters_[size_++] = '.';
  FS_DCHECK(size_ + 4 * label.size() <= characters_.size());
  char* const start = characters_.data() + size_;
  // Labels are short: one pass that copies and looks is cheaper than a search and a memcpy.
  size_t plain = 0;
  for (; plain < label.size() && kPlain[label[plain]]; ++plain) {
    start[plain] = static_cast<char>(label[plain]);
  }
  size_ += plain;
  for (const uint8_t byte : label.after(plain)) append_escaped(byte);
}

void NameText::append_escaped(uint8_t byte) {
  if (!kPlain[byte]) {
    characters_[size_++] = '\\';
    if (byte != '.' && byte != '\\') {
      characters_[size_++] = static_cast<char>('0' + byte / 100);
      characters_[size_++] = static_cast<char>('0' + byte / 10 % 10);
      byte = static_cast<uint8_t>('0' + byte % 10);
    }
  }
  characters_[size_++] = static_cast<char>(byte);
}

bool read_name(Bytes message, size_t offset, NameText& text) {
  LabelWalk walk(message, offset);
  for (Bytes label; walk.next(label);) text.append_label(label);
  return walk.sound();
}

bool name_is_sound(Bytes message, size_t offset) {
  LabelWalk walk(message, offset);
  for (Bytes label; walk.next(label);) continue;
  return walk.sound();
}

bool NameCheck::is_sound(size_t offset) {
  ++steps_;
  const uint16_t pointer = pointer_at(message_, offset);
  if (pointer != 0 && pointer == sound_pointer_) return !is_exhausted();
  if (is_exhausted()) return false;
  LabelWalk walk(message_, offset);
  for (Bytes label; walk.next(label);) continue;
  steps_ += walk.steps();
  if (!walk.sound() || is_exhausted()) return false;
  if (pointer != 0) sound_pointer_ = pointer;
  return true;
}

NameSpan span_of_name(Bytes message, size_t offset) {
  const size_t start = offset;
  const size_t end_max = std::min(message.size(), offset + kNameBytesMax + 1);
  while (offset < end_max) {
    const uint8_t first = message[offset];
    if (first == 0) return {offset + 1, offset + 1 - start <= kNameBytesMax};
    if ((first & kLabelTypeMask) == kLabelIsPointer)
      return {offset + 2 <= message.size() ? offset + 2 : 0, false};
    if ((first & kLabelTypeMask) != 0) return {};
    offset += first + size_t{1};
  }
  return {};
}

}  // namespace flowscope::dns
