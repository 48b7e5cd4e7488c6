#include "l7/quic/quic.h"

#include <algorithm>

#include "flowcore/base/byte_reader.h"
#include "l7/quic/transport_parameters.h"
#include "l7/tls/client_hello.h"
#include "l7/tls/server_hello.h"
#include "l7/tls/wire.h"

namespace flowscope::quic {
namespace {

// A handshake message at the start of `stream` (RFC 8446 4), as far as it is there.
struct Message {
  uint8_t type = 0;
  size_t bytes = 0;  // with its header; 0: not known yet
  Bytes body;
  [[nodiscard]] bool is_whole() const {
    return bytes != 0 && body.size() == bytes - tls::kMessageHeaderBytes;
  }
  [[nodiscard]] bool is(tls::HandshakeType wanted) const {
    return type == static_cast<uint8_t>(wanted);
  }
};

Message read_message(Bytes stream) {
  Message message;
  if (stream.size() < tls::kMessageHeaderBytes) return message;
  ByteReader reader(stream);
  message.type = reader.u8();
  const size_t body_bytes = reader.u24();
  message.bytes = tls::kMessageHeaderBytes + body_bytes;
  message.body = reader.rest().first(body_bytes);
  return message;
}

// A C reader of the name stops at a NUL; so do we, that nothing hides behind one.
std::string_view clean_server_name(Bytes name) {
  const std::string_view text = name.first(QuicParser::kServerNameBytesMax).as_text();
  return text.substr(0, text.find('\0'));
}

// The whole names at the front of a list that fit below the limit.
Bytes cut_alpns(Bytes alpns) {
  size_t kept_bytes = 0;
  tls::AlpnWalk walk(alpns.first(QuicParser::kAlpnBytesMax));
  while (walk.next()) kept_bytes = walk.position();
  return alpns.first(kept_bytes);
}

size_t index_of_role(Role role) { return role == Role::Client ? 0 : 1; }

}  // namespace

void QuicParser::advance(FlowSide side, Bytes datagram, Turn& turn) {
  const auto google = protection_ == nullptr ? read_google_packet(datagram) : std::nullopt;
  if (google) {
    version_ = google->version;
    client_side_ = side;
    turn.is_google = true;
    turn.google = find_google_hello(*google);
    turn.is_last = true;
    return;
  }
  for (uint32_t i = 0; i < kCoalescedMax && !turn.is_last; ++i) {
    const std::optional<LongPacket> packet = read_long_packet(datagram, FixedBit::Free);
    if (!packet) break;
    switch (packet->type) {
      case PacketType::Initial:
        on_initial(side, *packet, turn);
        break;
      case PacketType::Negotiation:
        on_negotiation(side, *packet);
        break;
      case PacketType::Retry:
        if (protection_ != nullptr && side != client_side_) has_retry_ = true;
        break;
      case PacketType::ZeroRtt:
      case PacketType::Handshake:
        break;
    }
    datagram = packet->rest;
  }
  if (has_client_hello_) ++datagrams_after_hello_;
  if (++datagrams_ >= kDatagramsMax || attempts_ >= kAttemptsMax
      || datagrams_after_hello_ > kPatienceDatagrams)
    turn.is_last = true;
}

void QuicParser::on_initial(FlowSide side, const LongPacket& packet, Turn& turn) {
  if (!packet.is_whole || attempts_ >= kAttemptsMax) return;
  OpenSpace space;  // NOLINT(cppcoreguidelines-pro-type-member-init): opening fills it
  const std::optional<OpenedPacket> opened = open(side, packet, space);
  if (!opened) {
    has_failed_ |= protection_ == nullptr;
    if (protection_ == nullptr) version_ = packet.version;
    return;
  }
  const Role role = side == client_side_ ? Role::Client : Role::Server;
  NumberSpace& numbers = numbers_[index_of_role(role)];
  numbers.next = std::max(numbers.next, opened->number + 1);
  take_frames(role, opened->payload, turn);
  if (turn.is_last) return;
  if (role == Role::Client && !has_client_hello_) look_for_client_hello(turn);
  if (role == Role::Server && !has_server_hello_) look_for_server_hello(turn);
  if ((has_client_hello_ && has_server_hello_) || close_code_) turn.is_last = true;
}

// The versions that a server offers instead of an answer; the client begins anew.
void QuicParser::on_negotiation(FlowSide side, const LongPacket& packet) {
  if (negotiated_count_ != 0) return;
  if (protection_ == nullptr) client_side_ = other_side(side);
  if (side == client_side_) return;
  ByteReader reader(packet.versions);
  while (reader.remaining() > 0 && negotiated_count_ < kNegotiatedVersionsMax)
    negotiated_[negotiated_count_++] = Version{reader.u32()};
}

// A server's packets are protected by what the client's first identifier gives. So are all of the
// client's, until a Retry or another version makes it begin anew with the identifier of its next
// packet (RFC 9001 5.2): what the keys in hand do not open is tried with those.
std::optional<OpenedPacket> QuicParser::open(FlowSide side, const LongPacket& packet,
                                             OpenSpace& space) {
  if (protection_ == nullptr) return open_with_fresh_keys(side, packet, space);
  const Role role = side == client_side_ ? Role::Client : Role::Server;
  if (packet.version == version_) {
    ++attempts_;
    const auto opened = open_packet(packet, keys_of(role), numbers_[index_of_role(role)], space);
    if (opened) return opened;
  } else if (role == Role::Server) {
    return open_in_other_version(packet, space);
  }
  return role == Role::Client ? open_with_fresh_keys(side, packet, space) : std::nullopt;
}

const PacketKeys& QuicParser::keys_of(Role role) {
  if (role == Role::Client) return client_keys_;
  if (!has_server_keys_) {
    server_keys_ = derive_initial_keys(*protection_, key_id(), Role::Server);
    has_server_keys_ = true;
  }
  return server_keys_;
}

// A server may answer in another version that the client's hello allows; the client's first
// identifier stays what keys come from (RFC 9368 2.3, RFC 9369 4.1).
std::optional<OpenedPacket> QuicParser::open_in_other_version(const LongPacket& packet,
                                                              OpenSpace& space) {
  if (is_reserved(packet.version)) return std::nullopt;
  for (const Protection* const protection : protections_of(packet.version)) {
    ++attempts_;
    const PacketKeys keys = derive_initial_keys(*protection, key_id(), Role::Server);
    const auto opened = open_packet(packet, keys, numbers_[index_of_role(Role::Server)], space);
    if (!opened) continue;
    protection_ = protection;
    version_ = packet.version;
    server_keys_ = keys;
    has_server_keys_ = true;
    client_keys_ = derive_initial_keys(*protection, key_id(), Role::Client);
    return opened;
  }
  return std::nullopt;
}

std::optional<OpenedPacket> QuicParser::open_with_fresh_keys(FlowSide side,
                                                             const LongPacket& packet,
                                                             OpenSpace& space) {
  if (protection_ != nullptr && packet.version == version_ && packet.destination_id == key_id())
    return std::nullopt;
  for (const Protection* const protection : protections_of(packet.version)) {
    ++attempts_;
    const PacketKeys keys = derive_initial_keys(*protection, packet.destination_id, Role::Client);
    const std::optional<OpenedPacket> opened = open_packet(packet, keys, NumberSpace{}, space);
    if (!opened) continue;
    adopt_keys(side, packet, *protection, keys);
    return opened;
  }
  return std::nullopt;
}

// A whole ClientHello stays: after a Retry the client sends the same one again (RFC 9000 17.2.5.3).
// One for another version does not.
void QuicParser::adopt_keys(FlowSide side, const LongPacket& packet, const Protection& protection,
                            const PacketKeys& client_keys) {
  if (packet.version != version_) has_client_hello_ = false;
  if (!has_client_hello_) stream_of(Role::Client).clear();
  stream_of(Role::Server).clear();
  server_message_at_ = 0;
  has_server_hello_ = false;
  datagrams_after_hello_ = 0;
  client_side_ = side;
  version_ = packet.version;
  protection_ = &protection;
  client_keys_ = client_keys;
  has_server_keys_ = false;
  numbers_ = {};
  key_id_bytes_ = static_cast<uint8_t>(packet.destination_id.size());
  std::copy(packet.destination_id.begin(), packet.destination_id.end(), key_id_.begin());
}

void QuicParser::take_frames(Role role, Bytes payload, Turn& turn) {
  FrameWalk walk(payload,
                 protection_->has_google_frames ? FrameDialect::Google : FrameDialect::Rfc);
  for (Frame frame = walk.next(); frame.kind != FrameKind::None && !turn.is_last;
       frame = walk.next()) {
    switch (frame.kind) {
      case FrameKind::Crypto:
        add_crypto(role, frame, turn);
        break;
      case FrameKind::Close:
        close_code_ = frame.error_code;
        break;
      case FrameKind::Invalid:
        turn.anomaly = "quic_invalid_frame";
        return;
      case FrameKind::None:
        return;
    }
  }
}

void QuicParser::add_crypto(Role role, const Frame& frame, Turn& turn) {
  if (role == Role::Client ? has_client_hello_ : has_server_hello_) return;
  switch (stream_of(role).add(frame.offset, frame.bytes)) {
    case CryptoStream::Added::Ok:
      return;
    case CryptoStream::Added::BeyondLimit:
    case CryptoStream::Added::TooManyPieces:
      if (!has_told_limit_) turn.anomaly = "quic_crypto_limit";
      has_told_limit_ = true;
      return;
    case CryptoStream::Added::NoMemory:
      fail("quic_memory_full", turn);
      return;
  }
}

void QuicParser::look_for_client_hello(Turn& turn) {
  const Bytes front = stream_of(Role::Client).front();
  if (protection_->has_google_frames && front.starts_with("CHLO")) {
    turn.google = read_google_hello(front);
    turn.is_last = turn.google && turn.google->is_whole;
    return;
  }
  const Message message = read_message(front);
  if (message.bytes == 0) return;
  if (!message.is(tls::HandshakeType::ClientHello)) return fail("quic_invalid_handshake", turn);
  if (message.bytes > CryptoStream::kBytesMax) return fail("quic_handshake_too_long", turn);
  has_client_hello_ = message.is_whole();
}

// The final ServerHello counts; one that asks for a second ClientHello is stepped over (RFC
// 8446 4.1.4).
void QuicParser::look_for_server_hello(Turn& turn) {
  const Bytes front = stream_of(Role::Server).front();
  for (;;) {
    const Message message = read_message(front.after(server_message_at_));
    if (message.bytes == 0) return;
    if (!message.is(tls::HandshakeType::ServerHello)) return fail("quic_invalid_handshake", turn);
    if (message.bytes > CryptoStream::kBytesMax) return fail("quic_handshake_too_long", turn);
    if (!message.is_whole()) return;
    const auto hello = tls::read_server_hello(message.body);
    has_server_hello_ = !hello || !hello->is_retry_request;
    if (has_server_hello_) return;
    server_message_at_ = static_cast<uint16_t>(server_message_at_ + message.bytes);
  }
}

void QuicParser::fail(const char* anomaly, Turn& turn) {
  turn.anomaly = anomaly;
  turn.is_last = true;
}

bool QuicParser::has_record(const Turn& turn) const {
  return protection_ != nullptr || negotiated_count_ != 0 || turn.is_google;
}

const char* QuicParser::make_session(const Turn& turn, SessionTexts& texts,
                                     QuicSession& session) const {
  session.version = version_;
  session.has_retry = has_retry_;
  session.close_code = close_code_;
  session.negotiated_versions = std::span(negotiated_).first(negotiated_count_);
  if (turn.google) {
    session.server_name = clean_server_name(turn.google->server_name);
    session.user_agent = turn.google->user_agent.first(kUserAgentBytesMax).as_text();
    session.cyu = &texts.cyu.emplace(version_, turn.google->tags);
  }
  const char* anomaly = has_failed_ && protection_ == nullptr ? "quic_decrypt_failed" : nullptr;
  if (has_client_hello_) {
    const auto hello = tls::read_client_hello(read_message(streams_[0].front()).body);
    if (!hello || !hello->sound) anomaly = "quic_invalid_handshake";
    if (hello) {
      session.server_name = clean_server_name(hello->server_name);
      session.user_agent = find_user_agent(hello->extensions);
      session.extensions = hello->extensions;
      session.alpns = cut_alpns(hello->alpns);
    }
    if (hello && hello->extensions_whole) {
      session.ja3 = &texts.ja3.emplace(*hello);
      texts.ja4 = tls::make_ja4(*hello, tls::Carrier::Quic);
      if (texts.ja4) session.ja4 = tls::as_text(*texts.ja4);
    }
  }
  if (has_server_hello_) {
    const Bytes front = streams_[1].front().after(server_message_at_);
    const auto hello = tls::read_server_hello(read_message(front).body);
    if (!hello || !hello->sound) anomaly = "quic_invalid_handshake";
    if (hello) session.tls_version = hello->negotiated_version();
    if (hello && hello->extensions_whole) session.ja3s = &texts.ja3s.emplace(*hello);
  }
  return anomaly;
}

void QuicParser::finish() {
  finished_ = true;
  for (CryptoStream& stream : streams_) stream.clear();
}

}  // namespace flowscope::quic
