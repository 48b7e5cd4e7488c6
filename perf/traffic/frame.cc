#include "perf/traffic/frame.h"

#include <cstring>

#include "flowcore/base/check.h"
#include "flowcore/packet/layers.h"

namespace flowscope::traffic {
namespace {

constexpr size_t kEthernetBytes = 14;
constexpr size_t kUdpBytes = 8;
constexpr size_t kIcmpBytes = 8;
constexpr size_t kTcpBytes = 20 + 12;     // with the time stamp option
constexpr size_t kTcpSynBytes = 20 + 20;  // with MSS, SACK permitted, time stamp, window scale
constexpr size_t kFrameBytesMin = 60;     // shorter frames are padded, as a network card does

[[nodiscard]] size_t ip_bytes(const Route& route) { return route.ip_version == 4 ? 20 : 40; }
[[nodiscard]] size_t address_bytes(const Route& route) { return route.ip_version == 4 ? 4 : 16; }

[[nodiscard]] size_t transport_bytes(const Route& route, const PacketFields& fields) {
  switch (route.transport) {
    case Transport::Tcp:
      return (fields.tcp_flags & tcp_flag::kSyn) != 0 ? kTcpSynBytes : kTcpBytes;
    case Transport::Udp:
      return kUdpBytes;
    case Transport::Icmp:
      return kIcmpBytes;
  }
  return 0;
}

[[nodiscard]] IpProtocol protocol_of(const Route& route) {
  switch (route.transport) {
    case Transport::Tcp:
      return IpProtocol::Tcp;
    case Transport::Udp:
      return IpProtocol::Udp;
    case Transport::Icmp:
      return route.ip_version == 4 ? IpProtocol::Icmp : IpProtocol::IcmpV6;
  }
  return IpProtocol::NoNext;
}

// Writes into a frame from front to back, in network order.
class Writer {
 public:
  explicit Writer(std::span<uint8_t> frame) : frame_(frame) {}

  Writer& number(uint64_t value, unsigned width) {
    while (width-- > 0) frame_[position_++] = static_cast<uint8_t>(value >> (8 * width));
    return *this;
  }
  Writer& u8(uint64_t value) { return number(value, 1); }
  Writer& u16(uint64_t value) { return number(value, 2); }
  Writer& u32(uint64_t value) { return number(value, 4); }
  Writer& bytes(const void* from, size_t count) {
    FS_CHECK(count <= frame_.size() - position_);
    if (count != 0) std::memcpy(&frame_[position_], from, count);
    position_ += count;
    return *this;
  }
  [[nodiscard]] size_t position() const { return position_; }

 private:
  std::span<uint8_t> frame_;
  size_t position_ = 0;
};

// Sum of 16-bit words as RFC 1071 allows it: in any width and byte order, carries folded at the
// end.
[[nodiscard]] uint64_t sum_of(std::span<const uint8_t> bytes) {
  uint64_t sum = 0;
  size_t i = 0;
  for (; i + 4 <= bytes.size(); i += 4) {
    uint32_t word;
    std::memcpy(&word, &bytes[i], sizeof word);
    sum += word;
  }
  for (; i < bytes.size(); ++i) sum += uint64_t{bytes[i]} << (8 * (i % 2));
  return sum;
}

// The checksum of a sum, to be stored with memcpy.
[[nodiscard]] uint16_t folded(uint64_t sum) {
  while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<uint16_t>(~sum);
}

void store_checksum(std::span<uint8_t> frame, size_t offset, uint64_t sum) {
  const uint16_t checksum = folded(sum);
  std::memcpy(&frame[offset], &checksum, sizeof checksum);
}

void write_ethernet(Writer& writer, const Route& route, FlowSide side) {
  // Locally administered addresses: one of the inner hosts, one of the router.
  const uint64_t host = 0x020000000000 | (uint64_t{route.address[0][1]} << 16)
                        | (uint64_t{route.address[0][2]} << 8) | route.address[0][3];
  constexpr uint64_t kRouter = 0x02000a0b0c0d;
  const bool outward = side == FlowSide::Initiator;
  writer.number(outward ? kRouter : host, 6).number(outward ? host : kRouter, 6);
  writer.u16(route.ip_version == 4 ? 0x0800 : 0x86dd);
}

// RFC 791 section 3.1, RFC 8200 section 3.
void write_ip(std::span<uint8_t> frame, Writer& writer, const Route& route,
              const PacketFields& fields, size_t upper_bytes) {
  const size_t start = writer.position();
  const auto protocol = static_cast<uint8_t>(protocol_of(route));
  const uint8_t ttl = fields.side == FlowSide::Initiator ? 64 : 57;
  if (route.ip_version == 4) {
    writer.u16(0x4500).u16(20 + upper_bytes).u16(fields.ip_id).u16(0x4000);
    writer.u8(ttl).u8(protocol).u16(0);
  } else {
    writer.u32(0x60000000).u16(upper_bytes).u8(protocol).u8(ttl);
  }
  const size_t from = index_of(fields.side);
  writer.bytes(route.address[from].data(), address_bytes(route));
  writer.bytes(route.address[1 - from].data(), address_bytes(route));
  if (route.ip_version == 4) store_checksum(frame, start + 10, sum_of(frame.subspan(start, 20)));
}

// RFC 9293 section 3.1, RFC 7323 section 3.2.
void write_tcp(Writer& writer, const Route& route, const PacketFields& fields) {
  const size_t from = index_of(fields.side);
  const bool is_syn = (fields.tcp_flags & tcp_flag::kSyn) != 0;
  const size_t header_bytes = is_syn ? kTcpSynBytes : kTcpBytes;
  writer.u16(route.port[from]).u16(route.port[1 - from]).u32(fields.seq).u32(fields.ack);
  writer.u8(header_bytes / 4 << 4).u8(fields.tcp_flags).u16(is_syn ? 64240 : 502).u16(0).u16(0);
  if (is_syn) writer.u32(0x020405b4).u16(0x0402);
  // Clocks that only move with the bytes: all that a reader may ask is that they do not run back.
  const bool is_ack = (fields.tcp_flags & tcp_flag::kAck) != 0;
  if (!is_syn) writer.u16(0x0101);
  writer.u16(0x080a).u32(fields.seq).u32(is_ack ? fields.ack : 0);
  if (is_syn) writer.u32(0x01030307);
}

void write_icmp_echo(Writer& writer, const Route& route, const PacketFields& fields) {
  const bool is_request = fields.side == FlowSide::Initiator;
  const uint8_t type = route.ip_version == 4 ? (is_request ? 8 : 0) : (is_request ? 128 : 129);
  writer.u8(type).u8(0).u16(0).u16(route.port[0]).u16(fields.seq & 0xffff);
}

// Over the pseudo header of RFC 9293 section 3.1 and RFC 8200 section 8.1; ICMP of IPv4 has none.
[[nodiscard]] uint64_t pseudo_header_sum(std::span<uint8_t> frame, const Route& route,
                                         size_t upper_bytes) {
  if (route.transport == Transport::Icmp && route.ip_version == 4) return 0;
  const size_t both = 2 * address_bytes(route);
  const size_t addresses = kEthernetBytes + ip_bytes(route) - both;
  const auto length_and_protocol =
      static_cast<uint32_t>(upper_bytes) + static_cast<uint32_t>(protocol_of(route));
  return sum_of(frame.subspan(addresses, both)) + __builtin_bswap32(length_and_protocol);
}

[[nodiscard]] size_t checksum_offset(Transport transport) {
  switch (transport) {
    case Transport::Tcp:
      return 16;
    case Transport::Udp:
      return 6;
    case Transport::Icmp:
      return 2;
  }
  return 0;
}

}  // namespace

size_t frame_bytes(const Route& route, const PacketFields& fields, size_t payload_bytes) {
  const size_t bytes =
      kEthernetBytes + ip_bytes(route) + transport_bytes(route, fields) + payload_bytes;
  return bytes < kFrameBytesMin ? kFrameBytesMin : bytes;
}

void write_frame(std::span<uint8_t> frame, const Route& route, const PacketFields& fields,
                 std::string_view payload) {
  const size_t upper_bytes = transport_bytes(route, fields) + payload.size();
  Writer writer(frame);
  write_ethernet(writer, route, fields.side);
  write_ip(frame, writer, route, fields, upper_bytes);
  const size_t upper = writer.position();
  const size_t from = index_of(fields.side);
  switch (route.transport) {
    case Transport::Tcp:
      write_tcp(writer, route, fields);
      break;
    case Transport::Udp:
      writer.u16(route.port[from]).u16(route.port[1 - from]).u16(upper_bytes).u16(0);
      break;
    case Transport::Icmp:
      write_icmp_echo(writer, route, fields);
      break;
  }
  writer.bytes(payload.data(), payload.size());
  const uint64_t sum =
      pseudo_header_sum(frame, route, upper_bytes) + sum_of(frame.subspan(upper, upper_bytes));
  store_checksum(frame, upper + checksum_offset(route.transport), sum);
  while (writer.position() < frame.size()) writer.u8(0);
}

}  // namespace flowscope::traffic
