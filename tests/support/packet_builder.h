#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "flowcore/packet/layers.h"
#include "tests/support/frame_bytes.h"
#include "tests/support/tunnel_headers.h"

namespace flowscope::testing {

// Fields of a header that a test may set; whatever is left unset is made right by build().
struct EthernetFields {
  std::optional<uint16_t> ether_type;  // instead of that of the next header
};

struct VlanFields {
  uint16_t tag_type = 0x8100;  // how the header before names this tag: 0x8100, 0x88a8, 0x9100
  uint8_t priority = 0;
  std::optional<uint16_t> ether_type;
};

struct Ipv4Fields {
  uint8_t ttl = 64;
  uint16_t identification = 0;
  uint16_t fragment_offset = 0;  // in bytes, a multiple of 8
  bool more_fragments = false;
  bool dont_fragment = false;
  std::vector<uint8_t> options{};  // padded to a multiple of 4
  std::optional<uint8_t> protocol;
  std::optional<uint16_t> total_length;
  std::optional<uint8_t> header_words;  // the IHL field
  std::optional<uint8_t> version;
};

struct Ipv6Fields {
  uint8_t hop_limit = 64;
  uint8_t traffic_class = 0;
  uint32_t flow_label = 0;
  std::optional<uint8_t> next_header;
  std::optional<uint16_t> payload_length;
  std::optional<uint8_t> version;
};

struct FragmentFields {
  uint16_t fragment_offset = 0;  // in bytes, a multiple of 8
  bool more_fragments = false;
  uint32_t identification = 0;
  std::optional<uint8_t> next_header;
};

struct TcpFields {
  uint32_t seq = 0;
  uint32_t ack = 0;
  uint8_t flags = tcp_flag::kAck;
  uint16_t window = 65535;
  std::vector<uint8_t> options{};       // padded to a multiple of 4
  std::optional<uint8_t> header_words;  // the data offset field
};

struct UdpFields {
  std::optional<uint16_t> length;
};

// Builds a frame header by header, outermost first, with right lengths, types and checksums:
//
//   const Frame frame = PacketBuilder().ethernet().vlan(5).ipv4("10.0.0.1", "10.0.0.2")
//                           .tcp(1234, 80, {.seq = 1, .flags = tcp_flag::kSyn}).payload("GET
//                           /").build();
//
// A raw IP frame starts with ipv4() or ipv6(). Headers nest as often as wanted (IP in IP and so
// on). For tests: it allocates, and stops the program at an address that cannot be read.
class PacketBuilder {
 public:
  [[nodiscard]] Frame build() const;

  // Link layer.
  PacketBuilder& ethernet(const EthernetFields& fields = {});
  PacketBuilder& vlan(uint16_t id, const VlanFields& fields = {});
  PacketBuilder& snap(
      uint32_t organisation = 0);  // 802.2 LLC and SNAP; ethernet() before it writes a length
  PacketBuilder& null_link();      // address family in little-endian order
  PacketBuilder& loop_link();      // the same in big-endian order
  PacketBuilder& linux_cooked1();
  PacketBuilder& linux_cooked2();

  // Network layer; addresses in text.
  PacketBuilder& ipv4(const char* source, const char* destination, const Ipv4Fields& fields = {});
  PacketBuilder& ipv6(const char* source, const char* destination, const Ipv6Fields& fields = {});
  // An IPv6 extension header of 8 * units bytes, filled with a PadN option where it carries
  // options.
  PacketBuilder& extension(IpProtocol kind, size_t units = 1);
  PacketBuilder& fragment(const FragmentFields& fields);
  PacketBuilder& authentication(size_t value_bytes = 12);

  // Transport layer.
  PacketBuilder& tcp(uint16_t source, uint16_t destination, const TcpFields& fields = {});
  // Destination 0 in front of a tunnel header: the port of that tunnel.
  PacketBuilder& udp(uint16_t source, uint16_t destination, const UdpFields& fields = {});
  PacketBuilder& sctp(uint16_t source, uint16_t destination, uint32_t tag = 0);
  PacketBuilder& icmp(uint8_t type, uint8_t code, uint32_t rest = 0);
  PacketBuilder& icmp_v6(uint8_t type, uint8_t code, uint32_t rest = 0);

  // A header of tunnel_headers.h; what it holds follows.
  PacketBuilder& tunnel(const TunnelHeader& tunnel);

  // Bytes as they are.
  PacketBuilder& payload(std::string_view text);
  PacketBuilder& payload(const Frame& bytes);
  // Zeros after everything until the frame has `bytes` bytes: the trailer of a short Ethernet
  // frame.
  PacketBuilder& pad_to(size_t bytes);

 private:
  enum class Kind : uint8_t {
    Ethernet,
    Vlan,
    Snap,
    Null,
    Loop,
    Cooked1,
    Cooked2,
    Ipv4,
    Ipv6,
    Extension,
    Tcp,
    Udp,
    Sctp,
    Icmp,
    IcmpV6,
    Payload,
    Tunnel,
  };
  struct Layer {
    Kind kind = Kind::Payload;
    Frame header{};
    uint16_t ether_type = 0;              // how a link header names this layer
    uint8_t ip_protocol = 0;              // how an IP header names this layer
    std::optional<uint16_t> next_type{};  // what to write for the layer after this one
    std::optional<uint16_t> length{};     // what to write for the length
    TunnelHeader tunnel{};
  };

  PacketBuilder& add(Layer layer);
  void seal(Layer& layer, size_t index, const Frame& body) const;
  void seal_type(Layer& layer, size_t index, const Frame& body) const;
  void seal_transport(Layer& layer, size_t index, const Frame& body) const;
  [[nodiscard]] uint32_t pseudo_header_sum(size_t index, size_t transport_bytes) const;

  std::vector<Layer> layers_;
  size_t pad_to_ = 0;
};

}  // namespace flowscope::testing
