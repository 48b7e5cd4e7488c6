#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace flowscope {

// The name of an IP protocol in Suricata's words; the number, in three digits, where it has none.
// For the rare protocols: writers of records ask for TCP and UDP themselves.
class ProtocolName {
 public:
  explicit constexpr ProtocolName(uint8_t protocol) {
    for (const Entry& entry : kNames) {
      if (entry.protocol == protocol) name_ = entry.name;
    }
    digits_ = {static_cast<char>('0' + protocol / 100), static_cast<char>('0' + protocol / 10 % 10),
               static_cast<char>('0' + protocol % 10)};
  }

  // Valid as long as this object.
  [[nodiscard]] constexpr std::string_view text() const {
    return name_.empty() ? std::string_view(digits_.data(), digits_.size()) : name_;
  }

 private:
  struct Entry {
    uint8_t protocol;
    std::string_view name;
  };
  static constexpr std::array<Entry, 20> kNames = {{
      {0, "HOPOPT"}, {1, "ICMP"},   {2, "IGMP"},       {4, "IP-in-IP"}, {6, "TCP"},
      {17, "UDP"},   {33, "DCCP"},  {41, "IPv6"},      {46, "RSVP"},    {47, "GRE"},
      {50, "ESP"},   {51, "AH"},    {58, "IPv6-ICMP"}, {88, "EIGRP"},   {89, "OSPFIGP"},
      {103, "PIM"},  {112, "VRRP"}, {115, "L2TP"},     {132, "SCTP"},   {136, "UDPLite"},
  }};

  std::string_view name_;
  std::array<char, 3> digits_{};
};

}  // namespace flowscope
