#include "perf/traffic/dns_script.h"

#include <string_view>

#include "perf/traffic/wire_text.h"

namespace flowscope::traffic {
namespace {

constexpr uint16_t kClassInternet = 1;
constexpr uint16_t kTypeAlias = 5;
constexpr uint16_t kTypeStartOfAuthority = 6;
constexpr uint16_t kTypeOptions = 41;
constexpr uint16_t kPointerToQuestion = 0xc00c;

constexpr uint16_t kRecursionDesired = 0x0100;
constexpr uint16_t kResponseRecursive = 0x8180;
constexpr uint16_t kNoSuchName = 3;

void write_name(WireText& wire, std::string_view name) {
  while (!name.empty()) {
    const std::string_view label = name.substr(0, name.find('.'));
    wire.u8(label.size()).bytes(label);
    name.remove_prefix(label.size() == name.size() ? name.size() : label.size() + 1);
  }
  wire.u8(0);
}

void write_question(WireText& wire, const DnsExchange& exchange) {
  write_name(wire, exchange.name);
  wire.u16(static_cast<uint16_t>(exchange.type)).u16(kClassInternet);
}

// EDNS(0), RFC 6891: 1,232 bytes of payload, no options.
void write_edns(WireText& wire) { wire.u8(0).u16(kTypeOptions).u16(1232).u32(0).u16(0); }

void write_address(WireText& wire, const DnsExchange& exchange, Random& random) {
  wire.u16(static_cast<uint16_t>(exchange.type)).u16(kClassInternet).u32(300);
  wire.prefixed(2, [&] {
    if (exchange.type == DnsExchange::Type::A) {
      wire.u16(198 << 8 | 18).u8(random.below(200)).u8(1);
    } else {
      wire.u32(0x20010db8).u16(2).number(0, 8).u16(random.below(200));
    }
  });
}

[[nodiscard]] uint16_t answers_of(const DnsExchange& exchange, uint32_t addresses) {
  switch (exchange.answer) {
    case DnsExchange::Answer::Addresses:
      return static_cast<uint16_t>(addresses);
    case DnsExchange::Answer::Alias:
      return 2;
    case DnsExchange::Answer::NoSuchName:
      return 0;
  }
  return 0;
}

void write_alias_and_address(WireText& wire, const std::string& message,
                             const DnsExchange& exchange, Random& random) {
  wire.u16(kPointerToQuestion).u16(kTypeAlias).u16(kClassInternet).u32(300);
  const size_t alias = message.size() + 2;
  // The alias ends with a pointer to the question's name, the usual compression.
  wire.prefixed(2, [&] { wire.u8(4).bytes("edge").u16(kPointerToQuestion); });
  wire.u16(0xc000 | alias);
  write_address(wire, exchange, random);
}

void write_authority(WireText& wire, const DnsExchange& exchange) {
  write_name(wire, std::string_view(exchange.name).substr(exchange.name.rfind('.') + 1));
  wire.u16(kTypeStartOfAuthority).u16(kClassInternet).u32(900);
  wire.prefixed(2, [&] {
    write_name(wire, "ns.example");
    write_name(wire, "admin.example");
    wire.u32(2023111401).u32(7200).u32(900).u32(1209600).u32(900);
  });
}

}  // namespace

DnsExchange random_lookup(const World& world, Random& random) {
  DnsExchange exchange{.id = static_cast<uint16_t>(random.next()), .name = world.host(random)};
  if (random.one_in(3)) exchange.type = DnsExchange::Type::Aaaa;
  if (random.one_in(4)) exchange.answer = DnsExchange::Answer::Alias;
  if (random.one_in(10)) exchange.answer = DnsExchange::Answer::NoSuchName;
  return exchange;
}

std::string dns_query(const DnsExchange& exchange) {
  std::string message;
  WireText wire(message);
  wire.u16(exchange.id).u16(kRecursionDesired).u16(1).u16(0).u16(0).u16(1);
  write_question(wire, exchange);
  write_edns(wire);
  return message;
}

std::string dns_response(const DnsExchange& exchange, Random& random) {
  const bool exists = exchange.answer != DnsExchange::Answer::NoSuchName;
  const uint32_t addresses = random.between(1, 4);
  std::string message;
  WireText wire(message);
  wire.u16(exchange.id).u16(exists ? kResponseRecursive : kResponseRecursive | kNoSuchName);
  wire.u16(1).u16(answers_of(exchange, addresses)).u16(exists ? 0 : 1).u16(1);
  write_question(wire, exchange);
  switch (exchange.answer) {
    case DnsExchange::Answer::Addresses:
      for (uint32_t i = 0; i < addresses; ++i) {
        wire.u16(kPointerToQuestion);
        write_address(wire, exchange, random);
      }
      break;
    case DnsExchange::Answer::Alias:
      write_alias_and_address(wire, message, exchange, random);
      break;
    case DnsExchange::Answer::NoSuchName:
      write_authority(wire, exchange);
      break;
  }
  write_edns(wire);
  return message;
}

std::string dns_over_tcp(const std::string& message) {
  std::string framed;
  WireText wire(framed);
  wire.prefixed(2, [&] { wire.bytes(message); });
  return framed;
}

}  // namespace flowscope::traffic
