#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "flowcore/base/flow_side.h"
#include "l7/openvpn/control_packet.h"
#include "tests/unit/l7/tls/hello_builder.h"

// Writes packets of OpenVPN's control channel for tests; a std::string holds the bytes.
namespace flowscope::openvpn::test {

using tls::test::u16;
using tls::test::u8;

inline std::string u32(uint32_t value) { return u16(value >> 16) + u16(value & 0xffff); }

inline const std::string kClientSession = "client:1";
inline const std::string kServerSession = "server:2";

// One packet of a session; `digest_bytes` as with --tls-auth.
struct PacketSpec {
  Opcode opcode = Opcode::Control;
  std::string session = kClientSession;
  uint32_t number = 0;
  std::string payload;
  std::vector<uint32_t> acknowledged;
  std::string peer = kServerSession;
  uint8_t digest_bytes = 0;
  uint8_t key = 0;
};
inline std::string packet(const PacketSpec& spec) {
  std::string bytes = u8(static_cast<size_t>(spec.opcode) << 3 | spec.key) + spec.session;
  if (spec.digest_bytes != 0) {
    bytes += std::string(spec.digest_bytes, '\xd1') + u32(spec.number + 1) + u32(1'600'000'000);
  }
  bytes += u8(spec.acknowledged.size());
  for (const uint32_t number : spec.acknowledged) bytes += u32(number);
  if (!spec.acknowledged.empty()) bytes += spec.peer;
  if (spec.opcode != Opcode::Ack) bytes += u32(spec.number);
  return bytes + spec.payload;
}
inline std::string framed(const std::string& packet_bytes) {
  return u16(packet_bytes.size()) + packet_bytes;
}

struct Sent {
  FlowSide side;
  std::string bytes;
};
// A session up to both hellos, their bytes cut into payloads of `payload_bytes`.
inline std::vector<Sent> session(uint8_t digest_bytes = 0, size_t payload_bytes = 100) {
  std::vector<Sent> sent;
  uint32_t client_number = 0;
  uint32_t server_number = 0;
  const auto client = [&](Opcode opcode, const std::string& payload) {
    sent.push_back({FlowSide::Initiator, packet({.opcode = opcode,
                                                 .number = client_number++,
                                                 .payload = payload,
                                                 .digest_bytes = digest_bytes})});
  };
  const auto server = [&](Opcode opcode, const std::string& payload,
                          const std::vector<uint32_t>& acknowledged) {
    sent.push_back({FlowSide::Responder, packet({.opcode = opcode,
                                                 .session = kServerSession,
                                                 .number = server_number++,
                                                 .payload = payload,
                                                 .acknowledged = acknowledged,
                                                 .peer = kClientSession,
                                                 .digest_bytes = digest_bytes})});
  };
  client(Opcode::HardResetClientV2, "");
  server(Opcode::HardResetServerV2, "", {0});
  sent.push_back(
      {FlowSide::Initiator,
       packet({.opcode = Opcode::Ack, .acknowledged = {0}, .digest_bytes = digest_bytes})});
  const std::string client_hello = tls::test::client_hello(tls::test::browser_hello());
  for (size_t at = 0; at < client_hello.size(); at += payload_bytes)
    client(Opcode::Control, client_hello.substr(at, payload_bytes));
  const std::string server_hello = tls::test::server_hello(tls::test::tls13_answer());
  for (size_t at = 0; at < server_hello.size(); at += payload_bytes)
    server(Opcode::Control, server_hello.substr(at, payload_bytes), {1, 2});
  return sent;
}

}  // namespace flowscope::openvpn::test
