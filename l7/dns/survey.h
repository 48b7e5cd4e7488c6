#pragma once

#include <array>
#include <cstdint>

#include "flowcore/base/bytes.h"
#include "l7/dns/wire.h"

namespace flowscope::dns {

// Sound: every claimed entry is there and can be read. Damaged: some are, and what is there may be
// reported. NotDns: nothing worth a report.
enum class Verdict : uint8_t { Sound, Damaged, NotDns };

// What one pass over a message found out.
struct Survey {
  DnsHeader header;
  std::array<uint16_t, kSections> present{};  // entries that lie whole in the message, <= claimed
  uint16_t rcode = 0;                         // with the upper bits of an OPT record, RFC 6891
  uint16_t question_bytes = 0;                // of the first question, 0 when it cannot be read
  uint16_t records_checked = 0;               // from the first one on; <= kRecordsMax
  uint64_t sound_contents = 0;                // bit i: record i, if checked, has content that fits
  Verdict verdict = Verdict::NotDns;
  bool ends_exactly = false;  // no byte follows the last entry
};

// Walks the whole message once. Cost: linear in its size, for it steps over every entry once; and
// kNameStepsMax for pointers, however often and deep they nest. Records behind the limit are
// present but not checked.
[[nodiscard]] Survey survey(Bytes message);

// Whether the header can be that of a DNS message of `message_bytes`, by content alone.
[[nodiscard]] bool header_fits(const DnsHeader& header, size_t message_bytes);

// Whether the message is clearly DNS without help from a port: it decodes to its last byte, and its
// questions are of known classes. NetBIOS names (RFC 1002 shares the format) are refused.
[[nodiscard]] bool is_clearly_dns(Bytes message);

// Whether the message may be DNS where a port already says so.
[[nodiscard]] bool may_be_dns(Bytes message);

}  // namespace flowscope::dns
