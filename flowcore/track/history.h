#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <string_view>

#include "flowcore/base/flow_side.h"

namespace flowscope {

// Text of at most kMax characters, held in place.
template <uint32_t kMax>
class ShortText {
 public:
  void add(char letter) {
    if (count_ < kMax) letters_[count_++] = letter;
  }
  [[nodiscard]] std::string_view text() const { return {letters_.data(), count_}; }

 private:
  std::array<char, kMax> letters_{};
  uint32_t count_ = 0;
};

// Codes of kBits bits, 0 excepted, one behind the other in kWords words. What does not fit is left
// out. Plain bytes; all zero is empty.
template <uint32_t kBits, uint32_t kWords>
class PackedCodes {
 public:
  static constexpr uint32_t kPerWord = 64 / kBits;
  static constexpr uint32_t kMax = kPerWord * kWords;

  void add(uint8_t code) {
    for (uint64_t& word : words_) {
      const auto used = (static_cast<uint32_t>(std::bit_width(word)) + kBits - 1) / kBits;
      if (used == kPerWord) continue;
      word |= uint64_t{code} << (used * kBits);
      return;
    }
  }
  // 0 behind the last one. Requires: i < kMax.
  [[nodiscard]] uint8_t at(uint32_t i) const {
    constexpr uint64_t kMask = (uint64_t{1} << kBits) - 1;
    return static_cast<uint8_t>(words_[i / kPerWord] >> (i % kPerWord * kBits) & kMask);
  }
  friend bool operator==(const PackedCodes&, const PackedCodes&) = default;

 private:
  std::array<uint64_t, kWords> words_{};
};

// What Zeek's conn.log calls history, in the order of kHistoryLetters.
enum class HistoryLetter : uint8_t {
  Syn,             // s: SYN without ACK
  SynAck,          // h
  Payload,         // d
  Ack,             // a: ACK without payload
  Fin,             // f
  Rst,             // r
  Gap,             // g: bytes were acknowledged that did not come by
  Retransmission,  // t: payload that was sent before, or late
  ZeroWindow,      // w
  Inconsistent,    // i: FIN with RST
  MultiFlag,       // q: SYN with FIN or RST
  Flipped,         // ^: the first packet was taken for an answer
};
inline constexpr std::string_view kHistoryLetters = "shdafrgtwiq^";

// A flow's life in letters as in Zeek's conn.log: upper case for the initiator. Which packets get a
// letter is FlowMeter's to say. 24 letters; what happens later is left out.
class History {
 public:
  static constexpr uint32_t kLettersMax = 24;

  void add(FlowSide from, HistoryLetter letter) {
    codes_.add(static_cast<uint8_t>(1 + 2 * static_cast<uint32_t>(letter) + index_of(from)));
  }
  [[nodiscard]] ShortText<kLettersMax> text() const {
    ShortText<kLettersMax> text;
    for (uint32_t i = 0; i < kLettersMax && codes_.at(i) != 0; ++i) {
      const uint32_t code = codes_.at(i) - 1U;
      const char letter = kHistoryLetters[code / 2];
      const bool upper = letter != '^' && code % 2 == index_of(FlowSide::Initiator);
      text.add(upper ? static_cast<char>(letter - 'a' + 'A') : letter);
    }
    return text;
  }

 private:
  PackedCodes<5, 2> codes_;
};
static_assert(History::kLettersMax == PackedCodes<5, 2>::kMax);

// The same in short: S, F, R and D (payload) of each packet, in this order, upper case for the
// initiator. 16 letters; what happens later is left out.
class CompactHistory {
 public:
  static constexpr uint32_t kLettersMax = 16;
  static constexpr std::string_view kLetters = "sfrd";

  // Requires: the letter is one of kLetters.
  void add(FlowSide from, char letter) {
    const auto code = static_cast<uint32_t>(kLetters.find(letter));
    codes_.add(static_cast<uint8_t>(1 + 2 * code + index_of(from)));
  }
  [[nodiscard]] ShortText<kLettersMax> text() const {
    ShortText<kLettersMax> text;
    for (uint32_t i = 0; i < kLettersMax && codes_.at(i) != 0; ++i) {
      const uint32_t code = codes_.at(i) - 1U;
      const char letter = kLetters[code / 2];
      text.add(code % 2 == index_of(FlowSide::Initiator) ? static_cast<char>(letter - 'a' + 'A')
                                                         : letter);
    }
    return text;
  }

 private:
  PackedCodes<4, 1> codes_;
};
static_assert(CompactHistory::kLettersMax == PackedCodes<4, 1>::kMax);

}  // namespace flowscope
