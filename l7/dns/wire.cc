#include "l7/dns/wire.h"

#include "flowcore/base/byte_reader.h"
#include "l7/dns/name.h"

namespace flowscope::dns {

bool EntryWalk::next(Question& question) {
  const NameSpan name = span_of_name(message_, position_);
  if (name.end == 0) return false;
  const size_t name_end = name.end;
  ByteReader reader(message_.after(name_end));
  question = {.name_at = position_,
              .name_is_plain = name.is_plain,
              .type = reader.u16(),
              .rr_class = reader.u16()};
  if (!reader.ok()) return false;
  position_ = name_end + reader.position();
  return true;
}

bool EntryWalk::next(Record& record) {
  const NameSpan name = span_of_name(message_, position_);
  if (name.end == 0) return false;
  const size_t name_end = name.end;
  ByteReader reader(message_.after(name_end));
  record.name_at = position_;
  record.name_is_plain = name.is_plain;
  record.type = reader.u16();
  record.rr_class = reader.u16();
  record.ttl = reader.u32();
  record.rdata_bytes = reader.u16();
  record.rdata_at = name_end + reader.position();
  reader.skip(record.rdata_bytes);
  if (!reader.ok()) return false;
  position_ = record.rdata_at + record.rdata_bytes;
  return true;
}

DnsHeader read_header(Bytes first_bytes) {
  ByteReader reader(first_bytes);
  DnsHeader header;
  header.id = reader.u16();
  header.flags = reader.u16();
  for (uint16_t& count : header.claimed) count = reader.u16();
  return header;
}

}  // namespace flowscope::dns
