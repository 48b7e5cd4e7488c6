#include "dataplane/export/community_id.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>

#include <ostream>
#include <string>

namespace flowscope {
namespace {

// Published vectors of the Community ID specification (baseline, seed 0). ICMP: type and code.
struct Vector {
  uint8_t protocol;
  const char* source;
  uint16_t source_port;
  const char* destination;
  uint16_t destination_port;
  const char* id;

  friend std::ostream& operator<<(std::ostream& out, const Vector& vector) {
    return out << vector.id;
  }
};

constexpr Vector kVectors[] = {
    {6, "128.232.110.120", 34855, "66.35.250.204", 80, "1:LQU9qZlK+B5F3KDmev6m5PMibrg="},
    {17, "192.168.1.52", 54585, "8.8.8.8", 53, "1:d/FP5EW3wiY1vCndhwleRRKHowQ="},
    {132, "192.168.170.8", 7, "192.168.170.56", 7, "1:MP2EtRCAUIZvTw6MxJHLV7N7JDs="},
    {1, "192.168.0.89", 8, "192.168.0.1", 0, "1:X0snYXpgwiv9TZtqg64sgzUn6Dk="},
    {1, "192.168.0.1", 0, "192.168.0.89", 0, "1:X0snYXpgwiv9TZtqg64sgzUn6Dk="},
    {1, "10.0.0.1", 11, "10.0.0.2", 0, "1:YHxtAirCG//0OzkcVAukqKQN9xM="},
    {58, "fe80::200:86ff:fe05:80da", 135, "fe80::260:97ff:fe07:69ea", 0,
     "1:dGHyGvjMfljg6Bppwm3bg0LO8TY="},
    {58, "fe80::260:97ff:fe07:69ea", 136, "fe80::200:86ff:fe05:80da", 0,
     "1:dGHyGvjMfljg6Bppwm3bg0LO8TY="},
    {58, "3ffe:507:0:1:200:86ff:fe05:80da", 128, "3ffe:501:0:1001::2", 0,
     "1:+TW+HtLHvV1xnGhV1lv7XoJrqQg="},
    {58, "fe80::200:86ff:fe05:80da", 133, "ff02::2", 0, "1:hO+sN4H+MG5MY/8hIrXPqc4ZQz0="},
    {58, "fe80::260:97ff:fe07:69ea", 134, "ff02::1", 0, "1:pkvHqCL88/tg1k4cPigmZXUtL00="},
    {58, "3ffe:501:1800:2345::2", 3, "3ffe:507:0:1:200:86ff:fe05:80da", 0,
     "1:2ObVBgIn28oZvibYZhZMBgh7WdQ="},
    {58, "3ffe:501:410:0:2c0:dfff:fe47:33e", 1, "3ffe:507:0:1:200:86ff:fe05:80da", 4,
     "1:hLZd0XGWojozrvxqE0dWB1iM6R0="},
    {6, "2001:470:e5bf:dead:4957:2174:e82c:4887", 63943, "2607:f8b0:400c:c03::1a", 25,
     "1:/qFaeAR+gFe1KYjMzVDsMv+wgU4="},
    {46, "10.1.12.1", 0, "10.1.12.2", 0, "1:KHlLkgoJW7ifUTyTSgyVfkFHzKw="},
};

CommunityTuple tuple_of(const Vector& vector) {
  CommunityTuple tuple = {.source_port = vector.source_port,
                          .destination_port = vector.destination_port,
                          .protocol = vector.protocol};
  const bool is_ipv6 = std::string_view(vector.source).find(':') != std::string_view::npos;
  tuple.ip_version = is_ipv6 ? 6 : 4;
  const int family = is_ipv6 ? AF_INET6 : AF_INET;
  EXPECT_EQ(inet_pton(family, vector.source, tuple.source.data()), 1);
  EXPECT_EQ(inet_pton(family, vector.destination, tuple.destination.data()), 1);
  return tuple;
}

std::string id_of(const CommunityTuple& tuple, uint16_t seed = 0) {
  const CommunityIdText text = community_id(tuple, seed);
  return {text.data(), text.size()};
}

class CommunityIdVector : public testing::TestWithParam<Vector> {};

TEST_P(CommunityIdVector, MatchesThePublishedId) {
  EXPECT_EQ(id_of(tuple_of(GetParam())), GetParam().id);
}

INSTANTIATE_TEST_SUITE_P(Specification, CommunityIdVector, testing::ValuesIn(kVectors));

TEST(CommunityId, IsTheSameInBothDirections) {
  for (const Vector& vector : {kVectors[0], kVectors[1], kVectors[2], kVectors[13], kVectors[14]}) {
    CommunityTuple tuple = tuple_of(vector);
    std::swap(tuple.source, tuple.destination);
    std::swap(tuple.source_port, tuple.destination_port);
    EXPECT_EQ(id_of(tuple), vector.id);
  }
}

TEST(CommunityId, OrdersByPortWhereTheAddressesAreEqual) {
  const Vector one = {6, "127.0.0.1", 80, "127.0.0.1", 40000, ""};
  const Vector other = {6, "127.0.0.1", 40000, "127.0.0.1", 80, ""};
  EXPECT_EQ(id_of(tuple_of(one)), id_of(tuple_of(other)));
}

TEST(CommunityId, MatchesThePublishedIdWithAnotherSeed) {
  EXPECT_EQ(id_of(tuple_of(kVectors[0]), 1), "1:3V71V58M3Ksw/yuFALMcW0LAHvc=");
}

}  // namespace
}  // namespace flowscope
