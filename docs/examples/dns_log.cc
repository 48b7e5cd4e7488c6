// The questions and answers of DNS over UDP in a capture file, and the questions that nobody
// answered.
//
//   example_dns_log traffic.pcap
#include <cstdint>
#include <cstdio>
#include <map>
#include <string>
#include <string_view>
#include <tuple>
#include <variant>

#include "dataplane/pcap/pcap_flow_source.h"
#include "flowcore/extract/five_tuple.h"
#include "l7/dns/dns.h"

namespace {

using flowscope::Address;
using flowscope::FiveTuple;
using flowscope::OwnedApplication;
using flowscope::OwnedClosed;
using flowscope::OwnedFlow;
using flowscope::OwnedMessage;
using flowscope::OwnedSessionEvent;
using flowscope::PcapFlowSource;

// What is asked, "A www.example.com".
std::string question_of(const OwnedMessage& dns) {
  return std::string(dns.text("queries.0.rrtype").value_or("-")) + " "
         + std::string(dns.text("queries.0.rrname").value_or("-"));
}

// Every answer's own text: addresses and names.
std::string answers_of(const OwnedMessage& dns) {
  std::string all;
  for (const OwnedMessage::Field& field : dns) {
    const auto* const text = std::get_if<std::string>(&field.value);
    const std::string_view name = field.name;
    if (text == nullptr || !name.starts_with("answers.") || !name.ends_with(".rdata")) continue;
    all += " " + *text;
  }
  return all;
}

// Keeps the questions of each flow until they are answered or the flow is over.
class Log {
 public:
  void tell(const OwnedApplication<>& event) {
    const OwnedMessage& dns = event.message;
    const uint64_t id = dns.number("id").value_or(0);
    auto& open = open_[ends_of(event.flow)];
    if (dns.text("type") == "request") {
      open.insert_or_assign(id, event);
      return;
    }
    const auto asked = open.find(id);
    if (asked != open.end()) {
      const uint64_t took_ns = event.time.saturating_since(asked->second.time);
      std::printf("%s: %s%s, after %.1f ms\n", question_of(dns).c_str(),
                  std::string(dns.text("rcode").value_or("-")).c_str(), answers_of(dns).c_str(),
                  static_cast<double>(took_ns) / 1e6);
      open.erase(asked);
    }
  }
  void close(const OwnedClosed& event) {
    const auto flow = open_.find(ends_of(event.flow));
    if (flow == open_.end()) return;
    for (const auto& [id, asked] : flow->second)
      std::printf("%s: no answer\n", question_of(asked.message).c_str());
    open_.erase(flow);
  }

 private:
  using Ends = std::tuple<Address, uint16_t, Address, uint16_t>;
  static Ends ends_of(const OwnedFlow& flow) {
    return {flow.key.a_address, flow.key.a_port, flow.key.b_address, flow.key.b_port};
  }

  // Messages are values, so they may be kept: by flow and id.
  std::map<Ends, std::map<uint64_t, OwnedApplication<>>> open_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: %s CAPTURE\n", argv[0]);
    return 1;
  }
  auto source = PcapFlowSource::open(argv[1]);
  if (!source.ok()) {
    std::fprintf(stderr, "%s\n", source.error().message.c_str());
    return 1;
  }
  auto events =
      source.value().datagrams<flowscope::dns::DnsDatagramParser>(FiveTuple::bidirectional());
  Log log;
  for (const OwnedSessionEvent<>& event : events) {
    if (const auto* message = std::get_if<OwnedApplication<>>(&event)) {
      log.tell(*message);
    } else if (const auto* closed = std::get_if<OwnedClosed>(&event)) {
      log.close(*closed);
    }
  }
  if (events.fault()) {
    std::fprintf(stderr, "%s\n", events.fault()->message.c_str());
    return 1;
  }
  return 0;
}
