// The answers of DNS over UDP in a capture file with the time that each took, and the questions
// that nobody answered.
//
//   example_dns_log traffic.pcap
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>
#include <variant>

#include "dataplane/pcap/pcap_flow_source.h"
#include "flowcore/extract/five_tuple.h"
#include "l7/dns/dns.h"

namespace {

using flowscope::FiveTuple;
using flowscope::OwnedApplication;
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

// The parser pairs responses with queries by itself, and tells of the queries that stay alone.
void print(const OwnedMessage& dns) {
  const std::string_view type = dns.text("type").value_or("");
  if (type == "unanswered") {
    std::printf("%s: no answer\n", question_of(dns).c_str());
  } else if (const auto took_us = dns.number("rtt_us")) {
    std::printf("%s: %s%s, after %.1f ms\n", question_of(dns).c_str(),
                std::string(dns.text("rcode").value_or("-")).c_str(), answers_of(dns).c_str(),
                static_cast<double>(*took_us) / 1e3);
  }
}

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
  for (const OwnedSessionEvent<>& event : events) {
    if (const auto* message = std::get_if<OwnedApplication<>>(&event)) print(message->message);
  }
  if (events.fault()) {
    std::fprintf(stderr, "%s\n", events.fault()->message.c_str());
    return 1;
  }
  return 0;
}
