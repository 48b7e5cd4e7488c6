#include <algorithm>
#include <vector>

#include "perf/traffic/dns_script.h"
#include "perf/traffic/http_script.h"
#include "perf/traffic/session.h"
#include "perf/traffic/tls_script.h"
#include "perf/traffic/traffic.h"
#include "perf/traffic/world.h"

namespace flowscope::traffic {
namespace {

constexpr uint64_t kSeed = 2024;
constexpr uint64_t kFirstTimeNs = 1'700'000'000'000'000'000;
constexpr uint32_t kGapNsMin = 100'000;
constexpr uint32_t kGapNsMax = 9'000'000;
// Sessions that run at the same time.
constexpr size_t kLive = 4;

// Writes the scripts of the sample's sessions, in the order in which they start.
class Sample {
 public:
  std::vector<Session> write() {
    http();
    dns();
    tls();
    others();
    return std::move(sessions_);
  }

 private:
  Session& start(Transport transport, uint16_t port, uint8_t ip_version = 4) {
    const bool is_icmp = transport == Transport::Icmp;
    const auto seq = [&] { return is_icmp ? 1U : static_cast<uint32_t>(random_.next()); };
    const Route route = world_.route(random_, transport, port, ip_version);
    sessions_.emplace_back().begin(route, {seq(), seq()});
    if (transport == Transport::Tcp && port != 0) sessions_.back().handshake();
    return sessions_.back();
  }
  void say(Session& session, const HttpExchange& exchange) {
    say_exchange(session, exchange, world_, random_);
  }

  void http() {
    Session& page = start(Transport::Tcp, 80);
    say(page, {.host = "www.harbor-books.example", .target = "/index.html", .body_bytes = 5200});
    page.close(FlowSide::Initiator);

    Session& kept_alive = start(Transport::Tcp, 80);
    say(kept_alive, {.host = "www.cedar-news.example",
                     .target = "/feed?page=1",
                     .content_type = "application/json",
                     .framing = HttpExchange::Framing::Chunked,
                     .body_bytes = 7000});
    say(kept_alive, {.host = "www.cedar-news.example",
                     .target = "/missing.png",
                     .status = "404 Not Found",
                     .body_bytes = 150});
    kept_alive.close(FlowSide::Responder);

    Session& form = start(Transport::Tcp, 8080);
    say(form, {.method = "POST",
               .host = "login.opal-bank.example",
               .target = "/session",
               .request_body_bytes = 64,
               .content_type = "application/json",
               .body_bytes = 48});
    form.close(FlowSide::Initiator);

    Session& over_ipv6 = start(Transport::Tcp, 80, 6);
    say(over_ipv6, {.host = "static.meadow-media.example",
                    .target = "/style.css",
                    .content_type = "text/css",
                    .body_bytes = 2300});
    over_ipv6.close(FlowSide::Initiator);
  }

  void lookup(const DnsExchange& exchange, uint8_t ip_version = 4) {
    Session& session = start(Transport::Udp, 53, ip_version);
    session.datagram(FlowSide::Initiator, dns_query(exchange));
    session.datagram(FlowSide::Responder, dns_response(exchange, random_));
  }

  void dns() {
    using enum DnsExchange::Type;
    using enum DnsExchange::Answer;
    lookup({.id = 0x1001, .name = "www.harbor-books.example"});
    lookup({.id = 0x1002, .name = "static.meadow-media.example", .type = Aaaa}, 6);
    lookup({.id = 0x1003, .name = "cdn.lagoon-video.example", .answer = Alias});
    lookup({.id = 0x1004, .name = "no-such-host.example", .answer = NoSuchName});

    const DnsExchange long_answer{.id = 0x1005, .name = "mail.kestrel-works.example"};
    Session& over_tcp = start(Transport::Tcp, 53);
    over_tcp.say(FlowSide::Initiator, dns_over_tcp(dns_query(long_answer)));
    over_tcp.say(FlowSide::Responder, dns_over_tcp(dns_response(long_answer, random_)));
    over_tcp.close(FlowSide::Initiator);

    Session& unanswered = start(Transport::Udp, 53);
    unanswered.datagram(FlowSide::Initiator, dns_query({.id = 0x1006, .name = "api.lost.example"}));
  }

  void tls_session(const TlsExchange& exchange, uint8_t ip_version = 4) {
    Session& session = start(Transport::Tcp, 443, ip_version);
    say_tls(session, exchange, world_, random_);
    session.close(FlowSide::Initiator);
  }

  void tls() {
    tls_session({.host = "shop.amber-foods.example", .response_bytes = 12'000});
    tls_session({.host = "api.fjord-health.example",
                 .key_share = TlsExchange::KeyShare::PostQuantum,
                 .response_bytes = 20'000},
                6);
    tls_session({.host = "legacy.grove-parts.example",
                 .version = TlsExchange::Version::Tls12,
                 .client = TlsExchange::Client::Library});
  }

  void others() {
    for (const uint8_t ip_version : {uint8_t{4}, uint8_t{6}}) {
      Session& ping = start(Transport::Icmp, 0, ip_version);
      for (int i = 0; i < 2; ++i) {
        const std::string_view payload = world_.text(random_, 56);
        ping.datagram(FlowSide::Initiator, payload);
        ping.datagram(FlowSide::Responder, payload);
      }
    }
    sessions_.emplace_back().begin(world_.route(random_, Transport::Tcp, 22, 4), {77, 0});
    sessions_.back().knock();

    Session& refused = sessions_.emplace_back();
    refused.begin(world_.route(random_, Transport::Tcp, 8443, 4), {99, 0});
    refused.knock();
    refused.reset(FlowSide::Responder);
  }

  Random random_{kSeed};
  World world_{kSeed};
  std::vector<Session> sessions_;
};

}  // namespace

Result<Totals> write_sample(const std::string& path) {
  Result<CaptureFile> created = CaptureFile::create(path, CaptureFile::Precision::Microseconds);
  if (!created.ok()) return created.error();
  CaptureFile& file = created.value();
  std::vector<Session> sessions = Sample().write();
  Random random(kSeed);
  uint64_t time_ns = kFirstTimeNs;
  while (!sessions.empty()) {
    const auto live = static_cast<uint32_t>(std::min(kLive, sessions.size()));
    const uint32_t chosen = random.below(live);
    sessions[chosen].emit(time_ns, file);
    time_ns += random.between(kGapNsMin, kGapNsMax);
    if (sessions[chosen].ended()) sessions.erase(sessions.begin() + chosen);
  }
  const Totals totals{.packets = file.packets(), .bytes = file.bytes()};
  const Result<void> finished = file.finish();
  if (!finished.ok()) return finished.error();
  return totals;
}

}  // namespace flowscope::traffic
