#pragma once

#include <array>
#include <charconv>
#include <cstdint>
#include <string_view>

#include "flowcore/base/bytes.h"
#include "l7/dns/name.h"
#include "l7/dns/pairing.h"
#include "l7/dns/rdata_description.h"
#include "l7/dns/survey.h"
#include "l7/dns/vocabulary.h"
#include "l7/dns/wire.h"

namespace flowscope::dns {

// Writes the fields of one surveyed message to a visitor, under the names of EVE DNS version 3.
// Lifetime: one call; borrows everything.
template <class V>
class Description {
 public:
  Description(Bytes message, const Survey& found, Variant variant, V& visitor)
      : message_(message),
        survey_(found),
        variant_(variant),
        walk_(message),
        rdata_(message, visitor),
        visitor_(visitor) {}

  void write(uint32_t tx_id, const Pairing& pairing) {
    write_header(tx_id);
    write_pairing(pairing);
    write_questions();
    // RFC 2136 section 2: what must hold, and what to change.
    const bool is_update = survey_.header.opcode() == static_cast<uint8_t>(Opcode::Update);
    if (has(Section::Answer))
      write_records(is_update ? "prerequisites" : "answers", Section::Answer);
    if (has(Section::Authority))
      write_records(is_update ? "updates" : "authorities", Section::Authority);
    if (has(Section::Additional)) write_records("additionals", Section::Additional);
    if (records_seen_ > survey_.records_checked)
      visitor_.number("records_omitted", records_seen_ - survey_.records_checked);
  }

 private:
  [[nodiscard]] bool has(Section section) const {
    return survey_.present[static_cast<size_t>(section)] != 0;
  }

  void write_header(uint32_t tx_id) {
    const DnsHeader& header = survey_.header;
    visitor_.number("version", 3);
    constexpr ShortWord kResponse("response");
    constexpr ShortWord kRequest("request");
    visitor_.text("type", header.has(kFlagResponse) ? kResponse : kRequest);
    visitor_.number("tx_id", tx_id);
    visitor_.number("id", header.id);
    std::array<char, 4> hex;
    const char* const end =
        std::to_chars(hex.data(), hex.data() + hex.size(), header.flags, 16).ptr;
    visitor_.text("flags", {hex.data(), static_cast<size_t>(end - hex.data())});
    if (variant_ == Variant::Dns) {
      write_flags();
    } else {
      write_flags_of_variant();
    }
    visitor_.number("opcode", header.opcode());
    const std::string_view opcode = header.opcode() != 0 ? opcode_name(header.opcode()) : "";
    if (!opcode.empty()) visitor_.text("opcode_name", opcode);
    visitor_.text("rcode", rcode_name(survey_.rcode));
  }

  void write_flags() {
    write_flag("qr", kFlagResponse);
    write_flag("aa", kFlagAuthoritative);
    write_flag("tc", kFlagTruncated);
    write_flag("rd", kFlagRecursionDesired);
    write_flag("ra", kFlagRecursionAvailable);
    write_flag("z", kFlagZ);
    write_flag("ad", kFlagAuthenticData);
    write_flag("cd", kFlagCheckingDisabled);
  }

  void write_flags_of_variant() {
    if (variant_ == Variant::Mdns) {
      write_flags();
      return visitor_.text("variant", "mdns");
    }
    write_flag("qr", kFlagResponse);
    write_flag("conflict", kFlagConflict);
    write_flag("tc", kFlagTruncated);
    write_flag("tentative", kFlagTentative);
    visitor_.text("variant", "llmnr");
  }

  void write_flag(const char* name, uint16_t flag) {
    if (survey_.header.has(flag)) visitor_.boolean(name, true);
  }

  void write_pairing(const Pairing& pairing) {
    switch (pairing.state) {
      case Pairing::State::None:
        return;
      case Pairing::State::Untracked:
        return visitor_.boolean("untracked", true);
      case Pairing::State::Retransmission:
        return visitor_.number("retransmission_of", pairing.query_tx_id);
      case Pairing::State::Unpaired:
        return visitor_.boolean("unpaired", true);
      case Pairing::State::Duplicate:
        return visitor_.boolean("duplicate", true);
      case Pairing::State::Answer:
        break;
      case Pairing::State::MoreOfAnswer:
        visitor_.boolean("continued", true);
        break;
    }
    visitor_.number("query_tx_id", pairing.query_tx_id);
    visitor_.number("rtt_us", pairing.since_last_ns / 1000);
    if (pairing.retransmissions != 0) {
      visitor_.number("query_retransmissions", pairing.retransmissions);
      visitor_.number("wait_us", pairing.since_first_ns / 1000);
    }
    if (pairing.case_differs) visitor_.boolean("rrname_case_differs", true);
  }

  void write_questions() {
    const uint16_t present = survey_.present[static_cast<size_t>(Section::Question)];
    if (present == 0) return;
    visitor_.begin_array("queries");
    Question question;
    for (uint32_t i = 0; i < present && walk_.next(question); ++i) {
      if (i >= kQuestionsMax) continue;  // the records come behind all of them
      visitor_.begin_object(nullptr);
      write_owner(question.name_at);
      write_type(question.type);
      if (question.rr_class != kClassInternet) write_class(question.rr_class, "unicast_response");
      visitor_.end_object();
    }
    visitor_.end_array();
    if (present > kQuestionsMax) visitor_.number("queries_omitted", present - kQuestionsMax);
  }

  void write_records(const char* name, Section section) {
    const uint16_t present = survey_.present[static_cast<size_t>(section)];
    const bool any_fits = records_seen_ < survey_.records_checked;
    if (any_fits) visitor_.begin_array(name);
    Record record;
    for (uint32_t i = 0; i < present && walk_.next(record); ++i) {
      const uint32_t index = records_seen_++;
      if (index >= survey_.records_checked) continue;
      visitor_.begin_object(nullptr);
      write_owner(record.name_at);
      write_type(record.type);
      if (record.is(RrType::Opt)) {
        write_edns(record);
      } else {
        if (record.rr_class != kClassInternet) write_class(record.rr_class, "cache_flush");
        visitor_.number("ttl", record.ttl);
      }
      if (record.rdata_bytes != 0 && (survey_.sound_contents >> index & 1) != 0)
        rdata_.write(record);
      visitor_.end_object();
    }
    if (any_fits) visitor_.end_array();
  }

  // RFC 6891 section 6.1.3: class and TTL of an OPT record have other meanings.
  void write_edns(const Record& opt) {
    visitor_.number("udp_size", opt.rr_class);
    if ((opt.ttl >> 16 & 0xff) != 0) visitor_.number("edns_version", opt.ttl >> 16 & 0xff);
    if ((opt.ttl & 0x8000) != 0) visitor_.boolean("do", true);
  }

  // Of what is not of the Internet class. `top_bit` is what the top bit means in mDNS.
  void write_class(uint16_t rr_class, const char* top_bit) {
    if (variant_ == Variant::Mdns && (rr_class & kMulticastClassBit) != 0) {
      visitor_.boolean(top_bit, true);
      rr_class &= static_cast<uint16_t>(~kMulticastClassBit);
      if (rr_class == kClassInternet) return;
    }
    NumberText scratch;
    visitor_.text("rrclass", class_name(rr_class, scratch));
  }

  // A name that cannot be read to its end is written as far as it goes, and marked. The owners of
  // answers are mostly the name asked for, by the same pointer: it is read once.
  void write_owner(size_t name_at) {
    if (message_[name_at] == 0)
      return visitor_.text("rrname", ShortWord());  // the root: all OPT records
    const uint16_t pointer = pointer_at(message_, name_at);
    if (pointer == 0 || pointer != owner_pointer_) {
      owner_.clear();
      owner_is_whole_ = read_name(message_, name_at, owner_);
      owner_pointer_ = pointer != 0 ? pointer : static_cast<uint16_t>(0xc000 | name_at);
      if (pointer == 0 && name_at > 0x3fff) owner_pointer_ = 0;
    }
    visitor_.text("rrname", owner_.view());
    if (!owner_is_whole_) visitor_.boolean("rrname_truncated", true);
  }

  void write_type(uint16_t type) { visitor_.text("rrtype", rr_type_name(type)); }

  Bytes message_;
  const Survey& survey_;
  Variant variant_;
  EntryWalk walk_;
  RdataDescription<V> rdata_;
  V& visitor_;
  uint32_t records_seen_ = 0;
  // The owner written last, and the pointer that leads to the same name; 0 when none can.
  NameText owner_;
  uint16_t owner_pointer_ = 0;
  bool owner_is_whole_ = false;
};

}  // namespace flowscope::dns
