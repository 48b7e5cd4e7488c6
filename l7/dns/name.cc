#include "l7/dns/name.h"

#include <algorithm>
#include <cstring>

namespace flowscope::dns {

namespace {

// The two top bits of a label's first byte: its type. 01 and 10 were never put to use.
constexpr uint8_t kLabelTypeMask = 0xc0;
constexpr uint8_t kPointer = 0xc0;

// Printable ASCII that stands for itself in presentation form.
constexpr std::array<bool, 256> make_plain_table() {
  std::array<bool, 256> plain{};
  for (size_t byte = 0x20; byte < 0x7f; ++byte) plain[byte] = byte != '.' && byte != '\\';
  return plain;
}
constexpr std::array<bool, 256> kPlain = make_plain_table();

}  // namespace

bool LabelWalk::next(Bytes& label) {
  while (position_ < message_.size()) {
    const uint8_t first = message_[position_];
    if (first == 0) return false;
    if ((first & kLabelTypeMask) == kPointer) {
      if (!follow_pointer(first)) return false;
      continue;
    }
    if ((first & kLabelTypeMask) != 0) return stop_at_fault();
    wire_bytes_ += first + 1U;
    if (wire_bytes_ > kNameBytesMax) return stop_at_fault();
    label = message_.sub(position_ + 1, first);
    if (label.size() != first) return stop_at_fault();
    position_ += first + size_t{1};
    return true;
  }
  return stop_at_fault();
}

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
  if (std::all_of(label.begin(), label.end(), [](uint8_t byte) { return kPlain[byte]; })) {
    std::memcpy(characters_.data() + size_, label.begin(), label.size());
    size_ += label.size();
    return;
  }
  for (const uint8_t byte : label) append_escaped(byte);
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

size_t end_of_name(Bytes message, size_t offset) {
  const size_t end_max = std::min(message.size(), offset + kNameBytesMax + 1);
  while (offset < end_max) {
    const uint8_t first = message[offset];
    if (first == 0) return offset + 1;
    if ((first & kLabelTypeMask) == kPointer) return offset + 2 <= message.size() ? offset + 2 : 0;
    if ((first & kLabelTypeMask) != 0) return 0;
    offset += first + size_t{1};
  }
  return 0;
}

}  // namespace flowscope::dns
