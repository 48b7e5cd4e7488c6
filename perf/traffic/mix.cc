#include <algorithm>
#include <cstdio>
#include <ctime>
#include <vector>

#include "flowcore/packet/layers.h"
#include "perf/traffic/dns_script.h"
#include "perf/traffic/http_script.h"
#include "perf/traffic/session.h"
#include "perf/traffic/tls_script.h"
#include "perf/traffic/traffic.h"
#include "perf/traffic/world.h"

namespace flowscope::traffic {
namespace {

constexpr uint64_t kFirstTimeNs = 1'700'000'000'000'000'000;
// Time between packets: about 700,000 a second.
constexpr uint32_t kGapNsMin = 1'000;
constexpr uint32_t kGapNsMax = 1'800;
// FIN from both sides and the last acknowledgement.
constexpr uint64_t kClosingPackets = 3;

// Says every few seconds how far a long run is.
class Progress {
 public:
  Progress(const CaptureFile& file, const char* unit, uint64_t total)
      : file_(file), unit_(unit), total_(total), last_(std::time(nullptr)) {}

  void at(uint64_t done) {
    if (++calls_ % kCallsPerLook != 0) return;
    const std::time_t now = std::time(nullptr);
    if (now - last_ < kSecondsBetween) return;
    last_ = now;
    std::fprintf(stderr, "fs_traffic: %llu of %llu %s, %.1f GB\n",
                 static_cast<unsigned long long>(done), static_cast<unsigned long long>(total_),
                 unit_, static_cast<double>(file_.bytes()) / 1e9);
  }

 private:
  static constexpr uint32_t kCallsPerLook = 65536;
  static constexpr std::time_t kSecondsBetween = 3;

  const CaptureFile& file_;
  const char* unit_;
  uint64_t total_;
  std::time_t last_;
  uint32_t calls_ = 0;
};

[[nodiscard]] Result<Totals> totals_of(CaptureFile& file) {
  const Totals totals{.packets = file.packets(), .bytes = file.bytes()};
  const Result<void> finished = file.finish();
  if (!finished.ok()) return finished.error();
  return totals;
}

[[nodiscard]] std::array<uint32_t, 2> random_seqs(Random& random) {
  return {static_cast<uint32_t>(random.next()), static_cast<uint32_t>(random.next())};
}

// Hands out the sessions of a mix, in random order and exactly as many as were asked for.
class MixSource {
 public:
  MixSource(const Mix& left, uint64_t seed) : left_(left), random_(seed), world_(seed) {}

  [[nodiscard]] uint64_t left() const { return left_.http + left_.tls + left_.dns; }
  [[nodiscard]] Random& random() { return random_; }

  // Writes the next script. Requires: left() > 0.
  void next(Session& session) {
    const uint64_t ticket = random_.next() % left();
    if (ticket < left_.http) {
      --left_.http;
      http(session);
    } else if (ticket < left_.http + left_.tls) {
      --left_.tls;
      tls(session);
    } else {
      --left_.dns;
      dns(session);
    }
  }

 private:
  void begin(Session& session, Transport transport, uint16_t port) {
    const uint8_t ip_version = random_.one_in(5) ? 6 : 4;
    session.begin(world_.route(random_, transport, port, ip_version), random_seqs(random_));
  }

  void http(Session& session) {
    begin(session, Transport::Tcp, random_.one_in(10) ? 8080 : 80);
    session.handshake();
    do {
      say_exchange(session, random_exchange(world_, random_), world_, random_);
    } while (random_.one_in(12));
    session.close(FlowSide::Initiator);
  }

  void tls(Session& session) {
    begin(session, Transport::Tcp, random_.one_in(10) ? 8443 : 443);
    session.handshake();
    say_tls(session, random_tls(world_, random_), world_, random_);
    session.close(FlowSide::Initiator);
  }

  void dns(Session& session) {
    begin(session, Transport::Udp, 53);
    const DnsExchange lookup = random_lookup(world_, random_);
    session.datagram(FlowSide::Initiator, dns_query(lookup));
    session.datagram(FlowSide::Responder, dns_response(lookup, random_));
  }

  Mix left_;
  Random random_;
  World world_;
};

}  // namespace

Result<Totals> write_mix(const Output& output, const Mix& mix) {
  Result<CaptureFile> created = CaptureFile::create(output.path, output.precision);
  if (!created.ok()) return created.error();
  CaptureFile& file = created.value();
  MixSource source(mix, output.seed);
  const uint64_t total = source.left();
  Progress progress(file, "sessions", total);

  std::vector<Session> live(static_cast<size_t>(std::min<uint64_t>(mix.live, total)));
  for (Session& session : live) source.next(session);
  uint64_t time_ns = kFirstTimeNs;
  while (!live.empty()) {
    Session& session = live[source.random().below(static_cast<uint32_t>(live.size()))];
    session.emit(time_ns, file);
    time_ns += source.random().between(kGapNsMin, kGapNsMax);
    progress.at(total - source.left());
    if (!session.ended()) continue;
    if (source.left() != 0) {
      source.next(session);
    } else {
      std::swap(session, live.back());
      live.pop_back();
    }
  }
  return totals_of(file);
}

Result<Totals> write_synflood(const Output& output, uint64_t packets) {
  Result<CaptureFile> created = CaptureFile::create(output.path, output.precision);
  if (!created.ok()) return created.error();
  CaptureFile& file = created.value();
  Progress progress(file, "packets", packets);
  Random random(output.seed);
  Route route{.transport = Transport::Tcp, .ip_version = 4};
  route.address[1] = {198, 18, 0, 1};
  uint64_t time_ns = kFirstTimeNs;
  for (uint64_t i = 0; i < packets; ++i) {
    // An odd factor makes the sources differ for 2^32 packets.
    const uint32_t from =
        static_cast<uint32_t>(i) * 0x9e3779b1U + static_cast<uint32_t>(output.seed);
    route.address[0] = {static_cast<uint8_t>(from >> 24), static_cast<uint8_t>(from >> 16),
                        static_cast<uint8_t>(from >> 8), static_cast<uint8_t>(from)};
    route.port = {static_cast<uint16_t>(random.between(1024, 65535)), 80};
    const PacketFields fields{.tcp_flags = tcp_flag::kSyn,
                              .seq = static_cast<uint32_t>(random.next()),
                              .ip_id = static_cast<uint16_t>(i)};
    write_frame(file.add(time_ns, frame_bytes(route, fields, 0)), route, fields, {});
    time_ns += kGapNsMin;
    progress.at(i);
  }
  return totals_of(file);
}

Result<Totals> write_elephant(const Output& output, uint64_t packets) {
  Result<CaptureFile> created = CaptureFile::create(output.path, output.precision);
  if (!created.ok()) return created.error();
  CaptureFile& file = created.value();
  Progress progress(file, "packets", packets);
  Random random(output.seed);
  World world(output.seed);
  Session session;
  session.begin(world.route(random, Transport::Tcp, 5001, 4), random_seqs(random));
  session.handshake();
  uint64_t time_ns = kFirstTimeNs;
  while (file.packets() < packets) {
    if (session.ended()) {
      session.go_on();
      const bool ends_next = packets - file.packets() <= kClosingPackets;
      ends_next
          ? session.close(FlowSide::Initiator)
          : session.say(FlowSide::Initiator, world.opaque(random, 2 * Session::kSegmentBytes));
    }
    session.emit(time_ns, file);
    time_ns += kGapNsMin;
    progress.at(file.packets());
  }
  return totals_of(file);
}

}  // namespace flowscope::traffic
