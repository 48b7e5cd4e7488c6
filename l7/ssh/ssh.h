#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "flowcore/base/buffer_pool.h"
#include "flowcore/base/bytes.h"
#include "flowcore/base/flow_side.h"
#include "flowcore/base/timestamp.h"
#include "l7/parser.h"
#include "l7/ssh/hassh.h"
#include "l7/ssh/side_reader.h"
#include "l7/ssh/ssh_session.h"

namespace flowscope::ssh {

// Observes the clear beginning of SSH over TCP (RFC 4253): the banners of both sides, and for
// version 2 their KEXINITs, the server's host key and a DISCONNECT. Gives one SshSession per flow:
// as soon as both sides encrypt or one disconnects, or at the end with what there was. It is Done
// then, so what follows costs nothing.
// Which side is the client is told by what it sends; while nothing tells, it is the initiator.
// Thread rule: one thread. Memory: sizeof(SshParser), and for each side a block of the pool that
// keeps its banner and KEXINIT (2 KiB as a rule, 16 KiB at most), and one while a message is in
// parts.
class SshParser {
 public:
  static constexpr std::string_view kName = "ssh";
  static constexpr bool kBrief = true;
  static constexpr bool kFoundLater = true;  // behind SOCKS and CONNECT, and lines of the server
  // The banner; a packet of less than 65,536 bytes that is a KEXINIT.
  static constexpr std::array<FirstBytes, 2> kFirstBytes = {
      {{"SSH-"}, {R"(\x00\x00..[\x04-\xff]\x14)"}}};
  // A side that sent more packets before its NEWKEYS is given up; usual are five.
  static constexpr uint8_t kClearPacketsMax = 64;
  // Of a disconnect's description; longer ones are cut.
  static constexpr size_t kDescriptionBytesMax = 255;

  explicit SshParser(const ParserSetup& setup) : sides_{Side(setup.buffers), Side(setup.buffers)} {}

  // The banner, or a KEXINIT for a side joined behind it.
  static Probe probe(FlowSide side, Bytes first_bytes);

  template <class Sink>
  ParseStatus on_bytes(FlowSide side, Bytes bytes, Timestamp /*time*/, Sink& sink) {
    if (finished_) return ParseStatus::Done;
    if (sides_[index_of(side)].closed) return ParseStatus::Ok;
    Turn turn;
    advance(side, bytes, turn);
    return conclude(turn, sink);
  }

  template <class Sink>
  ParseStatus on_gap(FlowSide side, uint32_t missing_bytes, Sink& /*sink*/) {
    if (finished_) return ParseStatus::Done;
    sides_[index_of(side)].reader.skip_gap(missing_bytes);
    return ParseStatus::Ok;
  }

  // A banner without a line end counts only when its side really ended there.
  template <class Sink>
  void on_end(StreamEnd end, Sink& sink) {
    if (finished_) return;
    Turn turn;
    if (end == StreamEnd::Graceful) take_unfinished_banners(turn);
    turn.status = ParseStatus::Done;
    conclude(turn, sink);
  }

 private:
  // What can be wrong; each is told once for a side.
  enum class Fault : uint8_t {
    InvalidBanner,
    LongBanner,
    LongPreamble,
    InvalidPacket,
    LongPacket,
    TooManyPackets,
    InvalidKexInit,
    LongKexInit,
    UnexpectedMessage,
    StrictKexViolation,
    MemoryFull,
  };
  static constexpr size_t kFaults = 11;
  [[nodiscard]] static const char* name_of(Fault fault);

  // A part of a side's kept bytes.
  struct Cut {
    uint16_t offset = 0;
    uint16_t bytes = 0;
  };
  struct Side {
    explicit Side(BufferPool& buffers) : reader(buffers), kept(buffers) {}

    [[nodiscard]] Bytes kept_bytes(Cut cut) const {
      return kept.bytes().sub(cut.offset, cut.bytes);
    }
    [[nodiscard]] bool has_banner() const { return banner.bytes != 0; }
    [[nodiscard]] bool has_kex_init() const { return kex_init.bytes != 0; }

    SideReader reader;
    Buffer kept;  // what the cuts lie in, in order of arrival
    Cut banner;
    Cut kex_init;
    uint16_t faults_told = 0;  // a bit for each Fault
    uint8_t clear_packets = 0;
    bool sent_no_kex = false;  // a message that has no place in a strict key exchange
    bool closed = false;       // nothing more is wanted of this side
  };
  static_assert(kFaults <= 16);
  static_assert(kBannerBytesMax + SideReader::kMessageBytesMax + HostKey::kTypeBytesMax
                        + kDescriptionBytesMax
                    <= 16384,
                "what is kept of a side fits a block of the pool's third size");

  // What one call came to. Lives on the stack of the call.
  struct Turn {
    struct Told {
      FlowSide side;
      Fault fault;
    };
    std::array<Told, 2 * kFaults> told;  // left unset: only told_count of them are ever read
    size_t told_count = 0;
    ParseStatus status = ParseStatus::Ok;  // other than Ok: the flow is finished
  };
  // The record with the fingerprints that it points to; about 8 KiB, made once, at the end.
  struct Report {
    std::optional<Hassh> hassh[2];
    SshSession session;
  };

  void advance(FlowSide side, Bytes bytes, Turn& turn);
  void on_found(FlowSide side, const SideReader::Step& step, Turn& turn);
  void on_banner(FlowSide side, Bytes line, Turn& turn);
  void on_kex_init(FlowSide side, Bytes body, Turn& turn);
  void on_kex_method(FlowSide side, const SideReader::Step& step, Turn& turn);
  void on_other(FlowSide side, uint8_t message_type, Turn& turn);
  void on_disconnect(FlowSide side, Bytes body, Turn& turn);
  void on_packet(FlowSide side, Turn& turn);
  void take_unfinished_banners(Turn& turn);
  void note_role(FlowSide side, Role role);
  [[nodiscard]] Cut keep(FlowSide side, Bytes bytes, Turn& turn);
  void tell(FlowSide side, Fault fault, Turn& turn);
  void close(FlowSide side, Turn& turn);
  void give_up(FlowSide side, Turn& turn);

  [[nodiscard]] bool knows_something() const;
  [[nodiscard]] bool is_joined_late(FlowSide side) const;
  void fill(Report& report) const;
  void fill_side(Role role, std::optional<KexInit>& init, Report& report) const;
  void check_strict_kex(const SshSession& session, Turn& turn);
  void finish();

  // Writes what the call found; the only part that knows the sink.
  template <class Sink>
  ParseStatus conclude(Turn& turn, Sink& sink) {
    if (turn.status == ParseStatus::Ok || !knows_something()) {
      tell_faults(turn, sink);
      if (turn.status != ParseStatus::Ok) finish();
      return turn.status;
    }
    Report report;
    fill(report);
    check_strict_kex(report.session, turn);
    tell_faults(turn, sink);
    sink.message(client_side_, report.session);
    finish();
    return turn.status;
  }
  template <class Sink>
  static void tell_faults(const Turn& turn, Sink& sink) {
    for (const Turn::Told& told : std::span(turn.told.data(), turn.told_count)) {
      sink.anomaly(told.side, name_of(told.fault));
    }
  }

  std::array<Side, 2> sides_;
  std::array<uint8_t, Sha256::kDigestBytes> host_key_digest_{};
  uint32_t host_key_bits_ = 0;
  uint32_t disconnect_reason_ = 0;
  Cut host_key_type_;  // in the bytes of host_key_side_; empty: no key was seen
  Cut disconnect_description_;
  FlowSide client_side_ = FlowSide::Initiator;
  FlowSide host_key_side_ = FlowSide::Responder;
  FlowSide disconnected_by_ = FlowSide::Initiator;
  bool role_is_told_ = false;
  bool has_disconnect_ = false;
  bool is_version_1_ = false;
  bool finished_ = false;
};
static_assert(sizeof(SshParser) <= 296, "one per SSH flow until both sides encrypt");

using StreamParsers = TypeList<SshParser>;
using DatagramParsers = TypeList<>;

}  // namespace flowscope::ssh
