#include "l7/tls/handshake.h"

#include "flowcore/base/byte_reader.h"

namespace flowscope::tls {
namespace {

// A C reader of the name stops at a NUL; so do we, that nothing hides behind one.
std::string_view clean_server_name(Bytes name) {
  const std::string_view text = name.first(Handshake::kServerNameBytesMax).as_text();
  return text.substr(0, text.find('\0'));
}

// The whole names at the front of a list that fit below the limit.
Bytes cut_alpns(Bytes alpns) {
  size_t kept_bytes = 0;
  AlpnWalk walk(alpns.first(Handshake::kAlpnBytesMax));
  while (walk.next()) kept_bytes = walk.position();
  return alpns.first(kept_bytes);
}

// RFC 8446 4.2.8: entries {group, length, key}.
void read_key_share_groups(Bytes key_shares, HelloFields::Numbers& numbers) {
  ByteReader reader(key_shares);
  while (reader.remaining() > 0 && numbers.key_share_count < HelloFields::kKeyShareGroupsMax) {
    const uint16_t group = reader.u16();
    reader.skip(reader.u16());
    if (!reader.ok()) return;
    if (!is_grease(group)) numbers.key_share_groups[numbers.key_share_count++] = group;
  }
}

void fill(const ClientHello& hello, HelloFields& fields) {
  fields.numbers.version = highest_version(hello);
  fields.numbers.has_pre_shared_key = hello.has_pre_shared_key;
  fields.numbers.has_session_ticket = !hello.session_ticket.empty();
  fields.numbers.has_zero_rtt = hello.has_zero_rtt;
  fields.numbers.has_encrypted_client_hello = hello.has_encrypted_client_hello;
  read_key_share_groups(hello.key_shares, fields.numbers);
  fields.server_name = clean_server_name(hello.server_name);
  fields.alpns = cut_alpns(hello.alpns);
  fields.session_id = hello.session_id;
  fields.groups = {hello.supported_groups.bytes.first(2 * Handshake::kGroupsMax)};
}

void fill(const ServerHello& hello, HelloFields& fields) {
  fields.numbers.version = hello.negotiated_version();
  fields.numbers.cipher_suite = hello.cipher_suite;
  fields.numbers.has_cipher_suite = true;
  fields.numbers.group = hello.group;
  fields.numbers.has_pre_shared_key = hello.has_pre_shared_key;
  fields.numbers.has_session_ticket = hello.has_session_ticket;
  fields.alpns = cut_alpns(hello.alpns);
  fields.session_id = hello.session_id;
}

template <class Hello>
void add_ja3(const Hello& hello, DigestMemo* digests, Handshake::Turn& turn) {
  turn.fresh.ja3_hash = turn.ja3.emplace(hello, digests).hash();
  turn.fresh.ja3_text = turn.ja3->text();
}

}  // namespace

void Handshake::on_client_hello(FlowSide side, Bytes body, Turn& turn) {
  const HelloForm form = carrier_ == Carrier::Datagram ? HelloForm::Datagram : HelloForm::Stream;
  const std::optional<ClientHello> hello = read_client_hello(body, form);
  if (!hello || !hello->sound) turn.add_anomaly("tls_invalid_handshake");
  if (!hello) return close(side, turn);
  if (!begin_hello(side, Part::Client, turn)) return;
  fill(*hello, turn.fresh);
  if (hello->extensions_whole) {
    add_ja3(*hello, digests_, turn);
    turn.ja4 = make_ja4(*hello, carrier_, digests_);
    if (turn.ja4) turn.fresh.ja4 = as_text(*turn.ja4);
  }
  end_hello(turn);
}

void Handshake::on_server_hello(FlowSide side, Bytes body, Turn& turn) {
  const std::optional<ServerHello> hello = read_server_hello(body);
  if (hello && hello->is_retry_request) return on_retry_request();
  if (!hello || !hello->sound) turn.add_anomaly("tls_invalid_handshake");
  if (!hello) return close(side, turn);
  if (!begin_hello(side, Part::Server, turn)) return;
  fill(*hello, turn.fresh);
  if (hello->extensions_whole) add_ja3(*hello, digests_, turn);
  // Its last word in clear.
  if (hides_certificates(hello->negotiated_version()) || is_resumption(turn.fresh))
    closed_[index_of(side)] = true;
  end_hello(turn);
}

void Handshake::on_ssl2_client_hello(FlowSide side, ProtocolVersion version, Turn& turn) {
  if (!begin_hello(side, Part::Client, turn)) return;
  turn.fresh.numbers.version = version;
  closed_[index_of(side)] = true;
  end_hello(turn);
}

void Handshake::on_ssl2_server_hello(FlowSide side, Turn& turn) {
  if (!begin_hello(side, Part::Server, turn)) return;
  turn.fresh.numbers.version = ProtocolVersion::Ssl2;
  closed_[index_of(side)] = true;
  end_hello(turn);
}

// The first one of a side counts; a list without any is a client's way to say that it has none.
void Handshake::on_certificate(FlowSide side, Bytes body, Turn& turn) {
  constexpr size_t kEmptyListBytes = 3;
  const Part part = said_hello(side, Part::Client) ? Part::Client : Part::Server;
  if (!said_hello(side, part) || kept_.has_certificate(part) || body.size() <= kEmptyListBytes)
    return;
  const std::optional<CertificateFields> certificate = read_certificate_message(body, digests_);
  if (!certificate || !certificate->numbers.is_readable)
    turn.add_anomaly("tls_invalid_certificate");
  if (certificate && !kept_.keep(part, *certificate)) give_up_waiting(turn);
}

// A fatal alert or a farewell ends the handshake: no message that counts will follow on either
// side.
void Handshake::on_alert(Bytes body, Turn& turn) {
  ByteReader reader(body);
  signs_.alert.level = reader.u8();
  signs_.alert.description = reader.u8();
  if (signs_.alert.level == Alert::kFatal || signs_.alert.description == Alert::kCloseNotify)
    turn.status = ParseStatus::Done;
}

void Handshake::close(FlowSide side, Turn& turn) {
  closed_[index_of(side)] = true;
  end_when_settled(turn);
}

void Handshake::end_when_settled(Turn& turn) {
  if (is_settled(FlowSide::Initiator) && is_settled(FlowSide::Responder))
    turn.status = ParseStatus::Done;
}

// Of a client its hello is all that is wanted, unless it was asked for a certificate.
bool Handshake::is_settled(FlowSide side) const {
  if (closed_[index_of(side)]) return true;
  return said_hello(side, Part::Client) && !signs_.certificate_requested;
}

// Of what the client remembered: no certificates will follow (RFC 5246 7.3, RFC 5077 3.1).
bool Handshake::is_resumption(const HelloFields& server) const {
  if (server.session_id.empty() || !kept_.has_hello(Part::Client)) return false;
  return kept_.hello(Part::Client).session_id == server.session_id;
}

// False when both sides claim the same part; the first one has it.
bool Handshake::begin_hello(FlowSide side, Part part, Turn& turn) {
  if (seen_[static_cast<size_t>(part)]) {
    close(side, turn);
    return false;
  }
  seen_[static_cast<size_t>(part)] = true;
  client_side_ = part == Part::Client ? side : other_side(side);
  turn.fresh = {};
  turn.fresh_part = part;
  return true;
}

// turn.fresh is all that the message said: it completes the record or is kept.
void Handshake::end_hello(Turn& turn) {
  end_when_settled(turn);
  if (turn.status != ParseStatus::Ok) return;
  if (!kept_.keep(*turn.fresh_part, turn.fresh)) return give_up_waiting(turn);
  turn.fresh_part.reset();
}

// Half a record now is better than none later.
void Handshake::give_up_waiting(Turn& turn) {
  turn.add_anomaly("tls_memory_full");
  turn.status = ParseStatus::Done;
}

}  // namespace flowscope::tls
