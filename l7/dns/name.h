#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "flowcore/base/bytes.h"

namespace flowscope::dns {

// RFC 1035 section 2.3.4: a name is at most 255 bytes on the wire, length bytes and root included.
inline constexpr size_t kNameBytesMax = 255;
// How many compression pointers one name may follow. They must also go strictly backwards, so this
// bounds the time of a hostile name, not its end.
inline constexpr uint32_t kNamePointersMax = 128;
// How many labels and pointers may be stepped over to check all names of one message. A full answer
// of names of 34 labels (RFC 3596 section 2.5) takes a quarter of it.
inline constexpr uint32_t kNameStepsMax = 8192;

// The two top bits of a label's first byte: its type. 01 and 10 were never put to use.
inline constexpr uint8_t kLabelTypeMask = 0xc0;
inline constexpr uint8_t kLabelIsPointer = 0xc0;
inline constexpr uint16_t kPointerTargetMax = 0x3fff;

// Steps through the labels of a name, following compression pointers (RFC 1035 section 4.1.4).
// Ends after the root label, or at the first fault: then sound() is false.
// Lifetime: borrows the message. Cost: bounded by kNameBytesMax and kNamePointersMax.
class LabelWalk {
 public:
  // `offset` is where the name starts, counted from the message's header.
  LabelWalk(Bytes message, size_t offset)
      : message_(message), position_(offset), run_start_(offset) {}

  // The next label in `label`; false when the name is over or bad.
  bool next(Bytes& label);
  // Meaningful once next() gave false.
  [[nodiscard]] bool sound() const { return sound_; }
  // Labels and pointers up to now.
  [[nodiscard]] uint32_t steps() const { return labels_ + pointers_; }

 private:
  bool follow_pointer(uint8_t high_bits);
  bool stop_at_fault() {
    sound_ = false;
    return false;
  }

  Bytes message_;
  size_t position_;
  size_t run_start_;  // where the present run of labels began; a pointer must point before it
  uint32_t wire_bytes_ = 1;
  uint32_t pointers_ = 0;
  uint32_t labels_ = 0;
  bool sound_ = true;
};

// A name in presentation form without the final dot; the root is the empty text. A dot or backslash
// inside a label is written \. and \\, bytes outside printable ASCII \DDD (RFC 4343 section 2.1).
// Spaces stay as they are, as RFC 6763 section 4.3 wants for service names.
class NameText {
 public:
  // Requires: the label came from a LabelWalk, whose limits keep the text inside the array.
  void append_label(Bytes label);
  // Takes the whole name at `offset` where it is sound and no byte of it is escaped, as nearly all
  // are. Otherwise false, and the text is undefined until clear(). Requires: an empty text.
  bool take_plain(Bytes message, size_t offset);
  [[nodiscard]] std::string_view view() const {
    return size_ == 0 ? std::string_view{} : std::string_view{characters_.data() + 1, size_ - 1};
  }
  void clear() { size_ = 0; }

 private:
  uint32_t append_run(Bytes run);
  void append_escaped(uint8_t byte);

  // Each label behind a dot. Four characters for each byte of the longest name.
  std::array<char, size_t{4} * (kNameBytesMax + 1)> characters_;
  size_t size_ = 0;
};

// Appends the name at `offset` to an empty `text`, as far as it is sound; whether all of it is.
bool read_name(Bytes message, size_t offset, NameText& text);

// Whether the name at `offset` is sound from its first label to its root.
[[nodiscard]] bool name_is_sound(Bytes message, size_t offset);

// The value of the compression pointer that the name at `offset` begins with; 0 when it begins with
// a label, or the message ends there. Most names are one pointer, and the same as the one before.
[[nodiscard]] inline uint16_t pointer_at(Bytes message, size_t offset) {
  if (message.size() < 2 || offset > message.size() - 2) return 0;
  const uint16_t pointer = load_be16(message, offset);
  return pointer >> 8 >= kLabelIsPointer ? pointer : uint16_t{0};
}

// Checks the names of one message, with a limit on the steps of all of them together.
// Lifetime: borrows the message. Cost: kNameStepsMax + 255 steps in all.
class NameCheck {
 public:
  explicit NameCheck(Bytes message) : message_(message) {}

  // Whether the name at `offset` is sound from its first label to its root. False as well once the
  // limit is reached.
  [[nodiscard]] bool is_sound(size_t offset) {
    ++steps_;
    const uint16_t pointer = pointer_at(message_, offset);
    if (pointer != 0 && pointer == sound_pointer_) return !is_exhausted();
    return walk(offset, pointer);
  }
  // The name at `offset`, in place, is sound.
  void take_as_sound(size_t offset) {
    if (offset <= kPointerTargetMax) sound_pointer_ = static_cast<uint16_t>(0xc000 | offset);
  }
  // The limit was reached: what is_sound() said of the last name counts for nothing.
  [[nodiscard]] bool is_exhausted() const { return steps_ > kNameStepsMax; }
  [[nodiscard]] uint32_t steps() const { return steps_; }
  [[nodiscard]] Bytes message() const { return message_; }

 private:
  bool walk(size_t offset, uint16_t pointer);

  Bytes message_;
  uint32_t steps_ = 0;
  uint16_t sound_pointer_ = 0;  // the pointer that last led to a sound name
};

// The bytes of a name in place.
struct NameSpan {
  size_t end = 0;         // behind its root or its first pointer; 0 for no name
  bool is_plain = false;  // it ends with its root and is sound: no pointer, at most kNameBytesMax
};

// No name: the message ends before the name does, or the label type is unknown. Follows no pointer.
[[nodiscard]] inline NameSpan span_of_name(Bytes message, size_t offset) {
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

// Where the bytes of the name at `offset` end in place, or 0 for no name.
[[nodiscard]] inline size_t end_of_name(Bytes message, size_t offset) {
  return span_of_name(message, offset).end;
}

// Inline, so that a walk's state stays in registers.
inline bool LabelWalk::next(Bytes& label) {
  while (position_ < message_.size()) {
    const uint8_t first = message_[position_];
    if (first == 0) return false;
    if ((first & kLabelTypeMask) == kLabelIsPointer) {
      if (!follow_pointer(first)) return false;
      continue;
    }
    if ((first & kLabelTypeMask) != 0) return stop_at_fault();
    wire_bytes_ += first + 1U;
    if (wire_bytes_ > kNameBytesMax) return stop_at_fault();
    label = message_.sub(position_ + 1, first);
    if (label.size() != first) return stop_at_fault();
    position_ += first + size_t{1};
    ++labels_;
    return true;
  }
  return stop_at_fault();
}

}  // namespace flowscope::dns
