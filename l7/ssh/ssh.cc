#include "l7/ssh/ssh.h"

#include <algorithm>

#include "flowcore/base/byte_reader.h"
#include "l7/ssh/banner.h"

namespace flowscope::ssh {

const char* SshParser::name_of(Fault fault) {
  switch (fault) {
    case Fault::InvalidBanner:
      return "ssh_invalid_banner";
    case Fault::LongBanner:
      return "ssh_long_banner";
    case Fault::LongPreamble:
      return "ssh_long_preamble";
    case Fault::InvalidPacket:
      return "ssh_invalid_packet";
    case Fault::LongPacket:
      return "ssh_long_packet";
    case Fault::TooManyPackets:
      return "ssh_too_many_packets";
    case Fault::InvalidKexInit:
      return "ssh_invalid_kexinit";
    case Fault::LongKexInit:
      return "ssh_long_kexinit";
    case Fault::UnexpectedMessage:
      return "ssh_unexpected_message";
    case Fault::StrictKexViolation:
      return "ssh_strict_kex_violation";
    case Fault::MemoryFull:
      return "ssh_memory_full";
  }
  return "ssh_unknown";
}

void SshParser::advance(FlowSide side, Bytes bytes, Turn& turn) {
  Side& mine = sides_[index_of(side)];
  while (!mine.closed && turn.status == ParseStatus::Ok) {
    const SideReader::Step step = mine.reader.next(bytes);
    if (step.found == Found::Nothing) return;
    if (step.is_irregular) tell(side, Fault::InvalidPacket, turn);
    on_found(side, step, turn);
  }
}

void SshParser::on_found(FlowSide side, const SideReader::Step& step, Turn& turn) {
  switch (step.found) {
    case Found::Nothing:
      return;
    case Found::Preamble:
      // Only a server may send other lines first (RFC 4253 4.2).
      if (side == client_side_ && !is_joined_late(side)) tell(side, Fault::InvalidBanner, turn);
      return;
    case Found::Banner:
      return on_banner(side, step.body, turn);
    case Found::LongBanner:
      tell(side, Fault::LongBanner, turn);
      return on_banner(side, step.body, turn);
    case Found::BrokenBanner:
      tell(side, Fault::InvalidBanner, turn);
      on_banner(side, step.body, turn);
      return close(side, turn);
    case Found::BinaryLine:
      if (!is_joined_late(side)) tell(side, Fault::InvalidBanner, turn);
      return give_up(side, turn);
    case Found::LongPreamble:
      if (!is_joined_late(side)) tell(side, Fault::LongPreamble, turn);
      return give_up(side, turn);
    case Found::KexInit:
      return on_kex_init(side, step.body, turn);
    case Found::KexMethod:
      return on_kex_method(side, step, turn);
    case Found::Disconnect:
      return on_disconnect(side, step.body, turn);
    case Found::NewKeys:
      return close(side, turn);
    case Found::Other:
      return on_other(side, step.message_type, turn);
    case Found::LongPacket:
      tell(side, Fault::LongPacket, turn);
      return on_packet(side, turn);
    case Found::LongKexInit:
      tell(side, Fault::LongKexInit, turn);
      return on_packet(side, turn);
    case Found::InvalidPacket:
      tell(side, Fault::InvalidPacket, turn);
      return give_up(side, turn);
    case Found::Unreadable:
      return close(side, turn);
    case Found::NoMemory:
      tell(side, Fault::MemoryFull, turn);
      return close(side, turn);
  }
}

void SshParser::on_banner(FlowSide side, Bytes line, Turn& turn) {
  Side& mine = sides_[index_of(side)];
  const Banner banner = read_banner(line);
  if (!banner.sound) tell(side, Fault::InvalidBanner, turn);
  if (banner.proto_version.empty()) return give_up(side, turn);
  mine.banner = keep(side, line, turn);
  // Packets of version 1 look different and hold nothing for the record.
  if (!offers_version_2(banner.proto_version)) is_version_1_ = true;
  if (!is_version_1_) return;
  const FlowSide peer = other_side(side);
  close(side, turn);
  if (sides_[index_of(peer)].has_banner()) close(peer, turn);
}

void SshParser::on_kex_init(FlowSide side, Bytes body, Turn& turn) {
  Side& mine = sides_[index_of(side)];
  on_packet(side, turn);
  // The next one is due under new keys.
  if (mine.has_kex_init()) return tell(side, Fault::UnexpectedMessage, turn);
  const std::optional<KexInit> init = read_kex_init(body);
  if (!init || !init->sound) tell(side, Fault::InvalidKexInit, turn);
  if (!init) return;
  if (const std::optional<Role> role = marked_role(init->kex)) note_role(side, *role);
  mine.kex_init = keep(side, body, turn);
}

// Which method it is does not matter: the message that begins with a key is the server's, and the
// first of a method that does not is the client's. (RFC 4253 8, RFC 4419 3, RFC 4432 4, RFC 5656 4)
void SshParser::on_kex_method(FlowSide side, const SideReader::Step& step, Turn& turn) {
  on_packet(side, turn);
  if (host_key_type_.bytes != 0) return;
  const std::optional<HostKey> key = read_host_key(step.body);
  if (!key) {
    if (MessageType{step.message_type} == MessageType::KexMethodFirst)
      note_role(side, Role::Client);
    return;
  }
  note_role(side, Role::Server);
  host_key_type_ = keep(side, Bytes::of(key->type), turn);
  host_key_side_ = side;
  host_key_digest_ = key->digest;
  host_key_bits_ = key->bits;
}

void SshParser::on_other(FlowSide side, uint8_t message_type, Turn& turn) {
  on_packet(side, turn);
  if (message_type == static_cast<uint8_t>(MessageType::KexGroupRequest))
    return note_role(side, Role::Client);
  const bool is_kex_method = message_type > static_cast<uint8_t>(MessageType::KexGroupRequest)
                             && message_type <= static_cast<uint8_t>(MessageType::KexMethodLast);
  if (is_kex_method) return;
  sides_[index_of(side)].sent_no_kex = true;
  // Messages of the layers above, which nobody may send yet (RFC 4253 7.1).
  if (message_type >= static_cast<uint8_t>(MessageType::AuthenticationFirst))
    tell(side, Fault::UnexpectedMessage, turn);
}

// RFC 4253 11.1: reason, description, language.
void SshParser::on_disconnect(FlowSide side, Bytes body, Turn& turn) {
  ByteReader reader(body);
  disconnect_reason_ = reader.u32();
  const Bytes description = reader.bytes(reader.u32());
  has_disconnect_ = true;
  disconnected_by_ = side;
  disconnect_description_ = keep(side, description.first(kDescriptionBytesMax), turn);
  turn.status = ParseStatus::Done;
}

void SshParser::on_packet(FlowSide side, Turn& turn) {
  if (++sides_[index_of(side)].clear_packets < kClearPacketsMax) return;
  tell(side, Fault::TooManyPackets, turn);
  close(side, turn);
}

void SshParser::take_unfinished_banners(Turn& turn) {
  for (const FlowSide side : {FlowSide::Initiator, FlowSide::Responder}) {
    Side& mine = sides_[index_of(side)];
    const Bytes line = mine.reader.unfinished_banner();
    if (!line.empty() && read_banner(line).sound) mine.banner = keep(side, line, turn);
  }
}

// What is told first counts.
void SshParser::note_role(FlowSide side, Role role) {
  if (role_is_told_) return;
  role_is_told_ = true;
  client_side_ = role == Role::Client ? side : other_side(side);
}

// Copies bytes for the record; nothing is kept when the pool is used up.
SshParser::Cut SshParser::keep(FlowSide side, Bytes bytes, Turn& turn) {
  Buffer& kept = sides_[index_of(side)].kept;
  const Cut cut{static_cast<uint16_t>(kept.size()), static_cast<uint16_t>(bytes.size())};
  if (kept.append(bytes)) return cut;
  tell(side, Fault::MemoryFull, turn);
  return {};
}

void SshParser::tell(FlowSide side, Fault fault, Turn& turn) {
  uint16_t& told = sides_[index_of(side)].faults_told;
  const auto bit = static_cast<uint16_t>(1U << static_cast<uint8_t>(fault));
  if ((told & bit) != 0) return;
  told = static_cast<uint16_t>(told | bit);
  turn.told[turn.told_count++] = {side, fault};
}

void SshParser::close(FlowSide side, Turn& turn) {
  sides_[index_of(side)].closed = true;
  sides_[index_of(side)].reader.release();
  if (turn.status == ParseStatus::Ok && sides_[index_of(other_side(side))].closed)
    turn.status = ParseStatus::Done;
}

// The side is not SSH. Poisoned only when nothing at all spoke for it.
void SshParser::give_up(FlowSide side, Turn& turn) {
  close(side, turn);
  if (!knows_something()) turn.status = ParseStatus::Poisoned;
}

bool SshParser::knows_something() const {
  return host_key_type_.bytes != 0
         || std::any_of(sides_.begin(), sides_.end(),
                        [](const Side& side) { return side.has_banner() || side.has_kex_init(); });
}

// The other side was joined behind its banner, so this one's bytes are from its middle too.
bool SshParser::is_joined_late(FlowSide side) const {
  const Side& peer = sides_[index_of(other_side(side))];
  return peer.has_kex_init() && !peer.has_banner();
}

void SshParser::fill(Report& report) const {
  std::optional<KexInit> client_init;
  std::optional<KexInit> server_init;
  fill_side(Role::Client, client_init, report);
  fill_side(Role::Server, server_init, report);
  SshSession& session = report.session;
  if (client_init && server_init) session.negotiation = negotiate(*client_init, *server_init);
  if (host_key_type_.bytes != 0) {
    session.host_key =
        HostKey{.type = sides_[index_of(host_key_side_)].kept_bytes(host_key_type_).as_text(),
                .bits = host_key_bits_,
                .digest = host_key_digest_};
  }
  if (has_disconnect_) {
    session.disconnect = Disconnect{
        .by = disconnected_by_ == client_side_ ? Role::Client : Role::Server,
        .reason = disconnect_reason_,
        .description =
            sides_[index_of(disconnected_by_)].kept_bytes(disconnect_description_).as_text()};
  }
}

void SshParser::fill_side(Role role, std::optional<KexInit>& init, Report& report) const {
  const FlowSide flow_side = role == Role::Client ? client_side_ : other_side(client_side_);
  const Side& side = sides_[index_of(flow_side)];
  SideFields& fields = role == Role::Client ? report.session.client : report.session.server;
  if (side.has_banner()) fields.banner = read_banner(side.kept_bytes(side.banner));
  if (!side.has_kex_init()) return;
  init = read_kex_init(side.kept_bytes(side.kex_init));
  if (!init) return;
  const Hassh& hassh = report.hassh[static_cast<size_t>(role)].emplace(*init, role);
  fields.hassh_hash = hassh.hash();
  fields.hassh_text = hassh.text();
  fields.guessed_kex = init->first_packet_follows;
}

// A strict key exchange has no place for messages of other kinds, which is what keeps somebody in
// the middle from inserting them (OpenSSH PROTOCOL 1.10, CVE-2023-48795).
void SshParser::check_strict_kex(const SshSession& session, Turn& turn) {
  if (!session.negotiation || !session.negotiation->strict_kex) return;
  for (const FlowSide side : {FlowSide::Initiator, FlowSide::Responder}) {
    if (sides_[index_of(side)].sent_no_kex) tell(side, Fault::StrictKexViolation, turn);
  }
}

void SshParser::finish() {
  finished_ = true;
  for (Side& side : sides_) {
    side.reader.release();
    side.kept.clear();
  }
}

}  // namespace flowscope::ssh
