#include "tests/support/tunnel_traffic.h"

#include <algorithm>
#include <array>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "flowcore/base/flow_side.h"
#include "perf/traffic/dns_script.h"
#include "tests/support/packet_builder.h"

namespace flowscope::testing {
namespace {

using tcp_flag::kAck;
using tcp_flag::kFin;
using tcp_flag::kPsh;
using tcp_flag::kSyn;

constexpr uint64_t kFirstTimeNs = 1'700'000'000'000'000'000;
constexpr uint64_t kPacketGapNs = 1'300'000;
constexpr uint64_t kSessionGapNs = 2'100'000;
constexpr size_t kEthernetBytes = 14;
constexpr auto kUp = FlowSide::Initiator;
constexpr auto kDown = FlowSide::Responder;

// Two hosts, index_of(FlowSide) first the initiator.
struct Ends {
  std::array<const char*, 2> address;
  std::array<uint16_t, 2> port{};

  [[nodiscard]] const char* from(FlowSide side) const { return address[index_of(side)]; }
  [[nodiscard]] const char* to(FlowSide side) const { return address[1 - index_of(side)]; }
  [[nodiscard]] uint16_t port_from(FlowSide side) const { return port[index_of(side)]; }
  [[nodiscard]] uint16_t port_to(FlowSide side) const { return port[1 - index_of(side)]; }
};

// The headers around the packets of a side.
using Around = std::function<PacketBuilder(FlowSide)>;

bool is_ipv6(const Ends& ends) {
  return std::string_view(ends.address[0]).find(':') != std::string_view::npos;
}

void add_ip(PacketBuilder& packet, const Ends& ends, FlowSide side) {
  if (is_ipv6(ends)) {
    packet.ipv6(ends.from(side), ends.to(side));
  } else {
    packet.ipv4(ends.from(side), ends.to(side), {.dont_fragment = true});
  }
}

// Packets of one session, each later than the one before.
class Script {
 public:
  Script(std::vector<TimedPacket>& packets, uint64_t start_ns)
      : packets_(packets), time_ns_(start_ns) {}

  void add(Frame frame) {
    packets_.push_back({time_ns_, std::move(frame)});
    time_ns_ += kPacketGapNs;
  }
  void add(const PacketBuilder& packet) { add(packet.build()); }

 private:
  std::vector<TimedPacket>& packets_;
  uint64_t time_ns_;
};

// The IP packet of an Ethernet frame in fragments. `begins` are the bytes of its payload, multiples
// of 8, with which they begin.
std::vector<Frame> in_fragments(const Frame& frame, const Ends& ends, FlowSide side,
                                uint16_t identification, std::vector<size_t> begins) {
  const bool v6 = is_ipv6(ends);
  const size_t payload_at = kEthernetBytes + (v6 ? 40 : 20);
  const uint8_t protocol = frame.at(kEthernetBytes + (v6 ? 6 : 9));
  begins.push_back(frame.size() - payload_at);
  std::vector<Frame> fragments;
  for (size_t i = 0; i + 1 < begins.size(); ++i) {
    const auto offset = static_cast<uint16_t>(begins[i]);
    const bool more = i + 2 < begins.size();
    PacketBuilder packet = PacketBuilder().ethernet();
    if (v6) {
      packet.ipv6(ends.from(side), ends.to(side))
          .fragment({.fragment_offset = offset,
                     .more_fragments = more,
                     .identification = identification,
                     .next_header = protocol});
    } else {
      packet.ipv4(ends.from(side), ends.to(side),
                  {.identification = identification,
                   .fragment_offset = offset,
                   .more_fragments = more,
                   .protocol = protocol});
    }
    const auto payload = frame.begin() + static_cast<std::ptrdiff_t>(payload_at);
    fragments.push_back(packet
                            .payload(Frame(payload + static_cast<std::ptrdiff_t>(begins[i]),
                                           payload + static_cast<std::ptrdiff_t>(begins[i + 1])))
                            .build());
  }
  return fragments;
}

// A TCP session of one HTTP request and its response.
class HttpSession {
 public:
  HttpSession(Script& script, Around around, const Ends& ends)
      : script_(script), around_(std::move(around)), ends_(ends) {}

  void open() {
    say(kUp, kSyn);
    say(kDown, kSyn | kAck);
    say(kUp, kAck);
  }
  void request(std::string_view host, std::string_view target) {
    say(kUp, kPsh | kAck,
        "GET " + std::string(target) + " HTTP/1.1\r\nHost: " + std::string(host)
            + "\r\nUser-Agent: sample/1.0\r\n\r\n");
  }
  void respond(size_t body_bytes) { say(kDown, kPsh | kAck, response(body_bytes)); }
  void close() {
    say(kUp, kFin | kAck);
    say(kDown, kFin | kAck);
    say(kUp, kAck);
  }
  void whole(std::string_view host, std::string_view target, size_t body_bytes) {
    open();
    request(host, target);
    respond(body_bytes);
    close();
  }

  // The next packet of a side, for who sends it in another way.
  Frame next(FlowSide side, uint8_t flags, std::string_view text = {}) {
    PacketBuilder packet = around_(side);
    add_ip(packet, ends_, side);
    uint32_t& seq = seq_[index_of(side)];
    const uint32_t ack = (flags & kAck) != 0 ? seq_[1 - index_of(side)] : 0;
    packet.tcp(ends_.port_from(side), ends_.port_to(side),
               {.seq = seq, .ack = ack, .flags = flags});
    seq += static_cast<uint32_t>(text.size()) + ((flags & (kSyn | kFin)) != 0 ? 1 : 0);
    return packet.payload(text).build();
  }
  static std::string response(size_t body_bytes) {
    return "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: "
           + std::to_string(body_bytes) + "\r\n\r\n" + std::string(body_bytes, 'x');
  }

 private:
  void say(FlowSide side, uint8_t flags, std::string_view text = {}) {
    script_.add(next(side, flags, text));
  }

  Script& script_;
  Around around_;
  Ends ends_;
  std::array<uint32_t, 2> seq_ = {1000, 90'000};
};

void http_in_vxlan(Script script) {
  const Ends outer{{"10.255.0.1", "10.255.0.2"}};
  const Around around = [&](FlowSide side) {
    return PacketBuilder()
        .ethernet()
        .vlan(300)
        .ipv4(outer.from(side), outer.to(side))
        .udp(side == kUp ? 51'111 : 52'222, 0)
        .tunnel(vxlan(5001))
        .ethernet();
  };
  HttpSession(script, around, {{"192.168.10.1", "192.168.10.2"}, {40'001, 80}})
      .whole("overlay.example", "/vxlan", 700);
}

// The response comes in one GTP-U packet that was cut into two on its way.
void http_in_gtp_u(Script script) {
  const Ends outer{{"172.16.1.1", "172.16.1.2"}};
  const Around around = [&](FlowSide side) {
    return PacketBuilder()
        .ethernet()
        .ipv4(outer.from(side), outer.to(side), {.identification = 700})
        .udp(2152, 0)
        .tunnel(gtp_u(side == kUp ? 0x1001 : 0x2002));
  };
  HttpSession http(script, around, {{"10.45.0.7", "203.0.113.80"}, {40'002, 80}});
  http.open();
  http.request("mobile.example", "/gtp-u");
  const Frame response = http.next(kDown, kPsh | kAck, HttpSession::response(1380));
  for (Frame& fragment : in_fragments(response, outer, kDown, 701, {0, 1400}))
    script.add(std::move(fragment));
  http.close();
}

void http_in_mpls(Script script) {
  const Around around = [](FlowSide side) {
    return PacketBuilder().ethernet().tunnel(
        mpls(side == kUp ? std::vector<uint32_t>{16, 1801} : std::vector<uint32_t>{1902}));
  };
  HttpSession(script, around, {{"198.51.100.9", "198.51.100.80"}, {40'003, 8080}})
      .whole("label.example", "/mpls", 40);
}

void http_in_pppoe(Script script) {
  const Around around = [](FlowSide) {
    return PacketBuilder()
        .ethernet()
        .vlan(100, {.tag_type = 0x88a8})
        .vlan(7)
        .tunnel(pppoe(0x11))
        .tunnel(ppp());
  };
  HttpSession(script, around, {{"100.64.3.4", "203.0.113.10"}, {40'004, 80}})
      .whole("home.example", "/pppoe", 90);
}

void http_in_gre_over_ipv6(Script script) {
  const Around around = [](FlowSide side) {
    const Ends outer{{"2001:db8:1::1", "2001:db8:1::2"}};
    return PacketBuilder().ethernet().ipv6(outer.from(side), outer.to(side)).tunnel(gre());
  };
  HttpSession(script, around, {{"2001:db8:a::1", "2001:db8:a::80"}, {40'005, 80}})
      .whole("six.example", "/gre", 10);
}

void ping_in_gre(Script script) {
  for (uint16_t seq = 1; seq <= 2; ++seq) {
    for (const FlowSide side : {kUp, kDown}) {
      const Ends outer{{"192.0.2.1", "192.0.2.2"}};
      const Ends inner{{"10.1.1.1", "10.1.1.2"}};
      script.add(PacketBuilder()
                     .ethernet()
                     .ipv4(outer.from(side), outer.to(side))
                     .tunnel(gre({.key = 77}))
                     .ipv4(inner.from(side), inner.to(side))
                     .icmp(side == kUp ? 8 : 0, 0, 0x1234U << 16 | seq)
                     .payload(std::string(32, 'p')));
    }
  }
}

Frame datagram(const Ends& ends, FlowSide side, std::string_view payload) {
  PacketBuilder packet = PacketBuilder().ethernet();
  add_ip(packet, ends, side);
  return packet.udp(ends.port_from(side), ends.port_to(side)).payload(payload).build();
}

// `order` are numbers of the response's fragments.
void dns_in_fragments(Script script, const Ends& ends, const traffic::DnsExchange& exchange,
                      const std::vector<size_t>& begins, const std::vector<size_t>& order) {
  traffic::Random random(7);
  script.add(datagram(ends, kUp, traffic::dns_query(exchange)));
  const std::vector<Frame> fragments = in_fragments(
      datagram(ends, kDown, traffic::dns_response(exchange, random)), ends, kDown, 4242, begins);
  for (const size_t number : order) script.add(fragments.at(number));
}

void lost_fragment(Script script) {
  const Ends ends{{"192.0.2.30", "198.51.100.30"}, {40'030, 9999}};
  const std::vector<Frame> fragments =
      in_fragments(datagram(ends, kUp, std::string(300, 'l')), ends, kUp, 3030, {0, 104, 208});
  script.add(fragments[0]);
  script.add(fragments[2]);
}

// The last fragment begins before the first one ends, and says other bytes.
void overlapping_fragments(Script script, const Ends& ends) {
  const Frame whole = datagram(ends, kUp, std::string(120, 'a'));
  const Frame other = datagram(ends, kUp, std::string(120, 'b'));
  script.add(in_fragments(whole, ends, kUp, 6060, {0, 64})[0]);
  script.add(in_fragments(other, ends, kUp, 6060, {0, 48})[1]);
  script.add(in_fragments(whole, ends, kUp, 6060, {0, 64})[1]);
}

void refused(Script script, const Ends& ends) {
  const Frame sent = datagram(ends, kUp, "is anybody there?");
  const Frame quoted(sent.begin() + kEthernetBytes, sent.end());
  for (int i = 0; i < 2; ++i) {
    script.add(sent);
    PacketBuilder error = PacketBuilder().ethernet();
    add_ip(error, ends, kDown);
    script.add((is_ipv6(ends) ? error.icmp_v6(1, 4) : error.icmp(3, 3)).payload(quoted));
  }
}

}  // namespace

std::vector<TimedPacket> tunnel_traffic() {
  using enum traffic::DnsExchange::Type;
  std::vector<TimedPacket> packets;
  uint64_t start_ns = kFirstTimeNs;
  const auto script = [&] { return Script(packets, start_ns += kSessionGapNs); };
  http_in_vxlan(script());
  http_in_gtp_u(script());
  http_in_mpls(script());
  http_in_pppoe(script());
  http_in_gre_over_ipv6(script());
  ping_in_gre(script());
  dns_in_fragments(script(), {{"192.0.2.20", "198.51.100.53"}, {40'020, 53}},
                   {.id = 0x2001, .name = "fragments.example"}, {0, 48}, {1, 0});
  dns_in_fragments(script(), {{"2001:db8:2::20", "2001:db8:2::53"}, {40'021, 53}},
                   {.id = 0x2002, .name = "six-fragments.example", .type = Aaaa}, {0, 24, 48},
                   {1, 0, 2});
  lost_fragment(script());
  overlapping_fragments(script(), {{"192.0.2.40", "198.51.100.40"}, {40'040, 7777}});
  overlapping_fragments(script(), {{"2001:db8:4::1", "2001:db8:4::2"}, {40'041, 7777}});
  refused(script(), {{"192.0.2.50", "198.51.100.50"}, {40'050, 5060}});
  refused(script(), {{"2001:db8:5::1", "2001:db8:5::2"}, {40'051, 5060}});
  std::stable_sort(packets.begin(), packets.end(), [](const TimedPacket& a, const TimedPacket& b) {
    return a.time_ns < b.time_ns;
  });
  return packets;
}

}  // namespace flowscope::testing
