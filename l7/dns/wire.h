#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "flowcore/base/bytes.h"
#include "l7/dns/name.h"
#include "l7/dns/vocabulary.h"

namespace flowscope::dns {

inline constexpr size_t kHeaderBytes = 12;
// What follows the name of a question: type and class; of a record: those, TTL and length.
inline constexpr size_t kQuestionFixedBytes = 4;
inline constexpr size_t kRecordFixedBytes = 10;
// Most questions and records of one message that are checked in full and written out; the rest is
// only stepped over and counted.
inline constexpr uint32_t kQuestionsMax = 16;
inline constexpr uint32_t kRecordsMax = 64;

inline constexpr uint16_t kFlagResponse = 0x8000;
inline constexpr uint16_t kFlagAuthoritative = 0x0400;
inline constexpr uint16_t kFlagTruncated = 0x0200;
inline constexpr uint16_t kFlagRecursionDesired = 0x0100;
inline constexpr uint16_t kFlagRecursionAvailable = 0x0080;
inline constexpr uint16_t kFlagZ = 0x0040;
inline constexpr uint16_t kFlagAuthenticData = 0x0020;     // RFC 4035 section 3.2.3
inline constexpr uint16_t kFlagCheckingDisabled = 0x0010;  // RFC 4035 section 3.2.2
// Where LLMNR has two of its own (RFC 4795 section 2.1.1).
inline constexpr uint16_t kFlagConflict = 0x0400;
inline constexpr uint16_t kFlagTentative = 0x0100;

inline constexpr uint16_t kClassInternet = 1;
// The top bit of a class in mDNS: "answer to me alone" in a question, "flush what you have" in a
// record (RFC 6762 sections 18.12 and 18.13).
inline constexpr uint16_t kMulticastClassBit = 0x8000;

// Which protocol the message format serves; told by the port.
enum class Variant : uint8_t { Dns, Mdns, Llmnr };

inline constexpr uint16_t kDnsPort = 53;
inline constexpr uint16_t kMdnsPort = 5353;   // RFC 6762
inline constexpr uint16_t kLlmnrPort = 5355;  // RFC 4795

enum class Section : uint8_t { Question = 0, Answer = 1, Authority = 2, Additional = 3 };
inline constexpr size_t kSections = 4;

// The fixed first part of every message, RFC 1035 section 4.1.1.
struct DnsHeader {
  uint16_t id = 0;
  uint16_t flags = 0;
  std::array<uint16_t, kSections> claimed{};  // entries of each section, as the sender says

  [[nodiscard]] bool has(uint16_t flag) const { return (flags & flag) != 0; }
  [[nodiscard]] uint8_t opcode() const { return flags >> 11 & 0xf; }
  [[nodiscard]] uint8_t rcode() const { return flags & 0xf; }
};

// A question or a record whose bytes lie inside the message. Offsets count from the header.
struct Question {
  size_t name_at = 0;
  bool name_is_plain = false;  // sound, and without a pointer
  uint16_t type = 0;
  uint16_t rr_class = 0;
};
struct Record {
  size_t name_at = 0;
  bool name_is_plain = false;
  uint16_t type = 0;
  uint16_t rr_class = 0;
  uint32_t ttl = 0;
  size_t rdata_at = 0;
  uint16_t rdata_bytes = 0;

  [[nodiscard]] bool is(RrType wanted) const { return type == static_cast<uint16_t>(wanted); }
};

// Walks over the entries behind the header in their order. False when the next one does not lie
// whole in the message; the walk is then over. Lifetime: borrows the message.
class EntryWalk {
 public:
  explicit EntryWalk(Bytes message) : message_(message) {}

  bool next(Question& question);
  bool next(Record& record);
  [[nodiscard]] size_t position() const { return position_; }

 private:
  Bytes message_;
  size_t position_ = kHeaderBytes;
};

// Inline, so that the walk and the entry stay in registers.
inline bool EntryWalk::next(Question& question) {
  const NameSpan name = span_of_name(message_, position_);
  if (name.end == 0 || message_.size() - name.end < kQuestionFixedBytes) return false;
  question = {.name_at = position_,
              .name_is_plain = name.is_plain,
              .type = load_be16(message_, name.end),
              .rr_class = load_be16(message_, name.end + 2)};
  position_ = name.end + kQuestionFixedBytes;
  return true;
}

inline bool EntryWalk::next(Record& record) {
  const NameSpan name = span_of_name(message_, position_);
  if (name.end == 0 || message_.size() - name.end < kRecordFixedBytes) return false;
  record = {.name_at = position_,
            .name_is_plain = name.is_plain,
            .type = load_be16(message_, name.end),
            .rr_class = load_be16(message_, name.end + 2),
            .ttl = load_be32(message_, name.end + 4),
            .rdata_at = name.end + kRecordFixedBytes,
            .rdata_bytes = load_be16(message_, name.end + 8)};
  if (record.rdata_bytes > message_.size() - record.rdata_at) return false;
  position_ = record.rdata_at + record.rdata_bytes;
  return true;
}

// Requires: kHeaderBytes bytes.
[[nodiscard]] inline DnsHeader read_header(Bytes first_bytes) {
  DnsHeader header{.id = load_be16(first_bytes, 0), .flags = load_be16(first_bytes, 2)};
  for (size_t i = 0; i < kSections; ++i) header.claimed[i] = load_be16(first_bytes, 4 + 2 * i);
  return header;
}

}  // namespace flowscope::dns
