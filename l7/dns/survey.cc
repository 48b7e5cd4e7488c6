#include "l7/dns/survey.h"

#include <algorithm>

#include "l7/dns/name.h"
#include "l7/dns/rdata.h"

namespace flowscope::dns {

namespace {

constexpr size_t kQuestionBytesMin = 5;  // root name, type, class
constexpr size_t kRecordBytesMin = 11;   // root name, type, class, TTL, length

// IANA DNS OpCodes; 3 was never assigned.
constexpr bool opcode_is_known(uint8_t opcode) { return opcode <= 6 && opcode != 3; }

// IN, CH, HS, NONE (RFC 2136) and ANY.
constexpr bool class_is_known(uint16_t rr_class) {
  return rr_class == 1 || rr_class == 3 || rr_class == 4 || rr_class == 254 || rr_class == 255;
}

constexpr std::array<uint16_t, kSections> kNoEntries{};

// A response whose entries are missing (cut by a snap length, say) still tells its result code.
bool is_cut_response(const DnsHeader& header) {
  return header.has(kFlagResponse) && opcode_is_known(header.opcode()) && !header.has(kFlagZ)
         && header.claimed[0] <= 1 && header.rcode() <= 11;
}

size_t record_count(const std::array<uint16_t, kSections>& counts) {
  return size_t{counts[1]} + counts[2] + counts[3];
}

// RFC 1001 section 14.1: a first label of 32 letters A to P, asked for as NB or NBSTAT, which DNS
// knows as NIMLOC and SRV.
bool is_netbios(Bytes message) {
  Bytes label;
  LabelWalk walk(message, kHeaderBytes);
  if (!walk.next(label) || label.size() != 32) return false;
  if (!std::all_of(label.begin(), label.end(), [](uint8_t c) { return c >= 'A' && c <= 'P'; })) {
    return false;
  }
  Question question;
  EntryWalk entries(message);
  return entries.next(question) && (question.type == 32 || question.type == 33);
}

// The one pass over a message that makes its survey.
class Surveyor {
 public:
  explicit Surveyor(Bytes message) : message_(message), names_(message) {}

  Survey run() {
    result_.header = read_header(message_);
    result_.rcode = result_.header.rcode();
    EntryWalk walk(message_);
    if (read_questions(walk)) read_records(walk);
    result_.ends_exactly = walk.position() == message_.size();
    result_.verdict = verdict();
    return result_;
  }

 private:
  bool read_questions(EntryWalk& walk) {
    uint16_t& present = result_.present[0];
    for (Question question; present < result_.header.claimed[0]; ++present) {
      if (!walk.next(question)) return false;
      if (present >= kQuestionsMax) continue;
      const bool is_sound = question.name_is_plain || names_.is_sound(question.name_at);
      if (present == 0 && is_sound)
        result_.question_bytes = static_cast<uint16_t>(walk.position() - kHeaderBytes);
      // The owners of answers are mostly the name asked for.
      if (question.name_is_plain) names_.take_as_sound(question.name_at);
      all_readable_ &= is_sound;
    }
    return true;
  }

  // All sections: up to the first record that does not lie whole in the message.
  void read_records(EntryWalk& walk) {
    Record record;
    for (size_t section = 1; section < kSections; ++section) {
      uint16_t& present = result_.present[section];
      for (; present < result_.header.claimed[section]; ++present) {
        if (!walk.next(record)) return;
        if (record.is(RrType::Opt) && section == static_cast<size_t>(Section::Additional))
          take_extended_rcode(record);
        if (result_.records_checked < kRecordsMax && !names_.is_exhausted()) check(record);
      }
    }
  }

  void check(const Record& record) {
    const bool has_name = record.name_is_plain || names_.is_sound(record.name_at);
    const bool has_content = rdata_is_sound(names_, record);
    all_readable_ &= has_name && has_content;
    if (names_.is_exhausted()) return;
    result_.sound_contents |= uint64_t{has_content} << result_.records_checked;
    ++result_.records_checked;
  }

  // RFC 6891 section 6.1.3: the OPT record's TTL begins with the upper eight bits of the code.
  void take_extended_rcode(const Record& opt) {
    result_.rcode = static_cast<uint16_t>((opt.ttl >> 24) << 4 | result_.header.rcode());
  }

  [[nodiscard]] Verdict verdict() const {
    if (result_.present == result_.header.claimed)
      return all_readable_ ? Verdict::Sound : Verdict::Damaged;
    const bool is_bare = result_.present == kNoEntries;
    return !is_bare || is_cut_response(result_.header) ? Verdict::Damaged : Verdict::NotDns;
  }

  Bytes message_;
  NameCheck names_;
  Survey result_;
  bool all_readable_ = true;
};

}  // namespace

Survey survey(Bytes message) {
  if (message.size() < kHeaderBytes) return {};
  return Surveyor(message).run();
}

bool header_fits(const DnsHeader& header, size_t message_bytes) {
  if (message_bytes < kHeaderBytes || !opcode_is_known(header.opcode()) || header.has(kFlagZ))
    return false;
  if (header.claimed == kNoEntries) return false;
  const size_t records = record_count(header.claimed);
  if (!header.has(kFlagResponse) && header.rcode() != 0) return false;
  return header.claimed[0] * kQuestionBytesMin + records * kRecordBytesMin
         <= message_bytes - kHeaderBytes;
}

bool is_clearly_dns(Bytes message) {
  if (message.size() < kHeaderBytes || !header_fits(read_header(message), message.size()))
    return false;
  const Survey found = survey(message);
  if (found.verdict != Verdict::Sound || !found.ends_exactly || is_netbios(message)) return false;
  EntryWalk walk(message);
  Question question;
  for (uint32_t i = 0; i < std::min<uint32_t>(found.present[0], kQuestionsMax); ++i) {
    if (!walk.next(question) || !class_is_known(question.rr_class) || question.type == 0)
      return false;
  }
  return true;
}

bool may_be_dns(Bytes message) {
  if (message.size() < kHeaderBytes) return false;
  const DnsHeader header = read_header(message);
  if (header_fits(header, message.size()) || is_cut_response(header)) return true;
  // Flags or counts that nobody should send: one question that can be read settles it.
  Question question;
  return header.claimed[0] != 0 && EntryWalk(message).next(question)
         && name_is_sound(message, question.name_at);
}

}  // namespace flowscope::dns
