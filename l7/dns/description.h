#pragma once

#include <array>
#include <charconv>
#include <cstdint>
#include <string_view>

#include "flowcore/base/byte_reader.h"
#include "flowcore/base/bytes.h"
#include "l7/dns/name.h"
#include "l7/dns/rdata.h"
#include "l7/dns/survey.h"
#include "l7/dns/vocabulary.h"
#include "l7/dns/wire.h"

namespace flowscope::dns {

// Writes the fields of one surveyed message to a visitor, under the names of EVE DNS version 3.
// Lifetime: one call; borrows everything.
template <class V>
class Description {
 public:
  Description(Bytes message, const Survey& found, V& visitor)
      : message_(message), survey_(found), walk_(message), visitor_(visitor) {}

  void write(uint32_t tx_id) {
    write_header(tx_id);
    write_questions();
    write_records("answers", Section::Answer);
    write_records("authorities", Section::Authority);
    write_records("additionals", Section::Additional);
    if (records_seen_ > kRecordsMax)
      visitor_.number("records_omitted", records_seen_ - kRecordsMax);
  }

 private:
  void write_header(uint32_t tx_id) {
    const DnsHeader& header = survey_.header;
    visitor_.number("version", 3);
    visitor_.text("type", header.has(kFlagResponse) ? "response" : "request");
    visitor_.number("tx_id", tx_id);
    visitor_.number("id", header.id);
    std::array<char, 4> hex;
    const char* const end =
        std::to_chars(hex.data(), hex.data() + hex.size(), header.flags, 16).ptr;
    visitor_.text("flags", {hex.data(), static_cast<size_t>(end - hex.data())});
    write_flag("qr", kFlagResponse);
    write_flag("aa", kFlagAuthoritative);
    write_flag("tc", kFlagTruncated);
    write_flag("rd", kFlagRecursionDesired);
    write_flag("ra", kFlagRecursionAvailable);
    write_flag("z", kFlagZ);
    visitor_.number("opcode", header.opcode());
    NumberText scratch;
    visitor_.text("rcode", rcode_name(survey_.rcode, scratch));
  }

  void write_flag(const char* name, uint16_t flag) {
    if (survey_.header.has(flag)) visitor_.boolean(name, true);
  }

  void write_questions() {
    const uint16_t present = survey_.present[static_cast<size_t>(Section::Question)];
    if (present == 0) return;
    visitor_.begin_array("queries");
    Question question;
    for (uint32_t i = 0; i < present && walk_.next(question); ++i) {
      if (i >= kQuestionsMax) continue;  // the records come behind all of them
      visitor_.begin_object(nullptr);
      write_name("rrname", question.name_at);
      write_type(question.type);
      visitor_.end_object();
    }
    visitor_.end_array();
    if (present > kQuestionsMax) visitor_.number("queries_omitted", present - kQuestionsMax);
  }

  void write_records(const char* name, Section section) {
    const uint16_t present = survey_.present[static_cast<size_t>(section)];
    if (present == 0) return;
    const bool any_fits = records_seen_ < kRecordsMax;
    if (any_fits) visitor_.begin_array(name);
    Record record;
    for (uint32_t i = 0; i < present && walk_.next(record); ++i) {
      if (records_seen_++ >= kRecordsMax) continue;
      visitor_.begin_object(nullptr);
      write_name("rrname", record.name_at);
      write_type(record.type);
      visitor_.number("ttl", record.ttl);
      if (record.rdata_bytes != 0 && rdata_is_sound(message_, record)) write_rdata(record);
      visitor_.end_object();
    }
    if (any_fits) visitor_.end_array();
  }

  void write_rdata(const Record& record) {
    const Bytes rdata = message_.sub(record.rdata_at, record.rdata_bytes);
    AddressText address;
    switch (record.type) {
      case static_cast<uint16_t>(RrType::A):
        return visitor_.text("rdata", ipv4_text(rdata, address));
      case static_cast<uint16_t>(RrType::Aaaa):
        return visitor_.text("rdata", ipv6_text(rdata, address));
      case static_cast<uint16_t>(RrType::Ns):
      case static_cast<uint16_t>(RrType::Cname):
      case static_cast<uint16_t>(RrType::Ptr):
      case static_cast<uint16_t>(RrType::Dname):
        return write_name("rdata", record.rdata_at);
      case static_cast<uint16_t>(RrType::Mx):
        visitor_.number("preference", load_be16(rdata, 0));
        return write_name("rdata", record.rdata_at + 2);
      case static_cast<uint16_t>(RrType::Txt):
      case static_cast<uint16_t>(RrType::Spf):
        return write_strings(rdata);
      case static_cast<uint16_t>(RrType::Soa):
        return write_soa(record);
      case static_cast<uint16_t>(RrType::Srv):
        return write_srv(record);
      default:
        return;
    }
  }

  void write_strings(Bytes rdata) {
    const JoinedStrings joined(rdata);
    visitor_.text("rdata", joined.view());
    if (joined.is_cut()) visitor_.boolean("rdata_truncated", true);
  }

  // RFC 1035 section 3.3.13.
  void write_soa(const Record& record) {
    visitor_.begin_object("soa");
    write_name("mname", record.rdata_at);
    const size_t rname_at = end_of_name(message_, record.rdata_at);
    write_name("rname", rname_at);
    ByteReader reader(message_.after(end_of_name(message_, rname_at)));
    visitor_.number("serial", reader.u32());
    visitor_.number("refresh", reader.u32());
    visitor_.number("retry", reader.u32());
    visitor_.number("expire", reader.u32());
    visitor_.number("minimum", reader.u32());
    visitor_.end_object();
  }

  // RFC 2782.
  void write_srv(const Record& record) {
    ByteReader reader(message_.after(record.rdata_at));
    visitor_.begin_object("srv");
    visitor_.number("priority", reader.u16());
    visitor_.number("weight", reader.u16());
    visitor_.number("port", reader.u16());
    write_name("name", record.rdata_at + reader.position());
    visitor_.end_object();
  }

  // A name that cannot be read to its end is written as far as it goes, and marked.
  void write_name(const char* name, size_t offset) {
    NameText text;
    const bool is_whole = read_name(message_, offset, text);
    visitor_.text(name, text.view());
    if (!is_whole) visitor_.boolean("rrname_truncated", true);
  }

  void write_type(uint16_t type) {
    NumberText scratch;
    visitor_.text("rrtype", rr_type_name(type, scratch));
  }

  Bytes message_;
  const Survey& survey_;
  EntryWalk walk_;
  V& visitor_;
  uint32_t records_seen_ = 0;
};

}  // namespace flowscope::dns
