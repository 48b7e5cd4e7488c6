#include "dataplane/export/community_id.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>

#include <array>
#include <ostream>
#include <random>
#include <span>
#include <string>
#include <utility>

#include "flowcore/packet/icmp.h"

namespace flowscope {
namespace {

// IDs with seed 0 and seed 1. The specification's own baseline has those of the real addresses with
// seed 0 (and the first with seed 1); all were calculated from its rules by an implementation in
// another language, which gives the published ones too. ICMP: type and code.
struct Vector {
  uint8_t protocol;
  const char* source;
  uint16_t source_port;
  const char* destination;
  uint16_t destination_port;
  const char* id;
  const char* id_of_seed_1;

  friend std::ostream& operator<<(std::ostream& out, const Vector& vector) {
    return out << vector.id;
  }
};

constexpr Vector kVectors[] = {
    {6, "128.232.110.120", 34855, "66.35.250.204", 80,
     "1:LQU9qZlK+B5F3KDmev6m5PMibrg=", "1:3V71V58M3Ksw/yuFALMcW0LAHvc="},
    {17, "192.168.1.52", 54585, "8.8.8.8", 53,
     "1:d/FP5EW3wiY1vCndhwleRRKHowQ=", "1:Q9We8WO3piVF8yEQBNJF4uiSVrI="},
    {132, "192.168.170.8", 7, "192.168.170.56", 7,
     "1:MP2EtRCAUIZvTw6MxJHLV7N7JDs=", "1:5w3ZRjeKBzqT3zsaEECDGjUbYeg="},
    {1, "192.168.0.89", 8, "192.168.0.1", 0,
     "1:X0snYXpgwiv9TZtqg64sgzUn6Dk=", "1:03g6IloqVBdcZlPyX8r0hgoE7kA="},
    {1, "192.168.0.1", 0, "192.168.0.89", 0,
     "1:X0snYXpgwiv9TZtqg64sgzUn6Dk=", "1:03g6IloqVBdcZlPyX8r0hgoE7kA="},
    {1, "192.168.0.89", 13, "192.168.0.1", 0,
     "1:oeo0XqAz7cn/+sOcFFOn55Omz0U=", "1:UezhneSw0NX2ikJ3wYNUFn7W+1Q="},
    {1, "192.168.0.89", 15, "192.168.0.1", 0,
     "1:fOg3Bo3uOxI7xD431D+RTtZCCjw=", "1:X1eBGsLPrGyntL8Jnr7jYWnezq4="},
    {1, "192.168.0.89", 17, "192.168.0.1", 0,
     "1:l6FQTO9IDRsq7cW/KitEu2ab7NM=", "1:qzitFb8D6WDosvkqHUkUjQ1PW8I="},
    {1, "192.168.0.89", 10, "224.0.0.2", 0,
     "1:wNiqNmZyO3i2rdi+RdtjA0yIoIs=", "1:nzwXTHEsAjizP8pzjMDO2tmurVY="},
    {1, "192.168.0.1", 9, "224.0.0.1", 0,
     "1:Pukd1WriYuR/kaeBiYmx3mkOgPU=", "1:wOGBFFsmc7Bt63ZA7DRW1vI2YaA="},
    {1, "10.0.0.1", 11, "10.0.0.2", 0,
     "1:YHxtAirCG//0OzkcVAukqKQN9xM=", "1:XjUibYHaafLQ3pxQeiMI8g25q20="},
    {1, "192.168.0.89", 20, "192.168.0.1", 0,
     "1:3o2RFccXzUgjl7zDpqmY7yJi8rI=", "1:lCXHHxavE1Vq3oX9NH5ladQg02o="},
    {1, "192.168.0.1", 3, "192.168.0.89", 13,
     "1:X7FjcuS3K2sfCGCAQ0jucjuLO90=", "1:1lrE5EDh7+ZTJck354dCfPvOAJM="},
    {58, "fe80::200:86ff:fe05:80da", 135, "fe80::260:97ff:fe07:69ea", 0,
     "1:dGHyGvjMfljg6Bppwm3bg0LO8TY=", "1:kHa1FhMYIT6Ym2Vm2AOtoOARDzY="},
    {58, "fe80::260:97ff:fe07:69ea", 136, "fe80::200:86ff:fe05:80da", 0,
     "1:dGHyGvjMfljg6Bppwm3bg0LO8TY=", "1:kHa1FhMYIT6Ym2Vm2AOtoOARDzY="},
    {58, "3ffe:507:0:1:200:86ff:fe05:80da", 128, "3ffe:501:0:1001::2", 0,
     "1:+TW+HtLHvV1xnGhV1lv7XoJrqQg=", "1:GfZxjAkDk2MkegpBYHV6tadtFXQ="},
    {58, "3ffe:507:0:1:200:86ff:fe05:80da", 129, "3ffe:501:0:1001::2", 0,
     "1:DpPnXSkQfy3GUGUpMKDmusKiTO0=", "1:sVLwVUj/d310rjNzb0qk0sWZTT4="},
    {58, "fe80::1", 130, "ff02::1", 0,
     "1:twZ7KwCQHfwWp6Uon6NxD1a+VvM=", "1:XVPPcpMd+5oixnrlUaQAO3QtmQA="},
    {58, "fe80::1", 131, "ff02::1", 0,
     "1:Glf/qq+F83WmMw1nuKLGG8NE89Y=", "1:1Vts9mclFQNdGV2yCQMXFsFZ0M0="},
    {58, "fe80::1", 139, "fe80::2", 0,
     "1:oPVhmQYL42iV9FGiMqdb38yGSeA=", "1:IoWnRtYbmYvj0rddbXP3dHzHnRI="},
    {58, "fe80::1", 144, "fe80::2", 0,
     "1:21qp2MlwLUEblqK3FO0+OyLBlWA=", "1:T+S8sIAoDQQnVdbo3yTO1S28zDI="},
    {58, "fe80::200:86ff:fe05:80da", 133, "ff02::2", 0,
     "1:hO+sN4H+MG5MY/8hIrXPqc4ZQz0=", "1:L7Ka0ZMYu+J3bL4ulW2PrqyXNo8="},
    {58, "fe80::260:97ff:fe07:69ea", 134, "ff02::1", 0,
     "1:pkvHqCL88/tg1k4cPigmZXUtL00=", "1:K/ee5UCqAMAQXDorP5nSa2CGLjc="},
    {58, "3ffe:501:1800:2345::2", 3, "3ffe:507:0:1:200:86ff:fe05:80da", 0,
     "1:2ObVBgIn28oZvibYZhZMBgh7WdQ=", "1:lVEtCZpYu84Xqaa++3lXFyuu2n4="},
    {58, "3ffe:501:410:0:2c0:dfff:fe47:33e", 1, "3ffe:507:0:1:200:86ff:fe05:80da", 4,
     "1:hLZd0XGWojozrvxqE0dWB1iM6R0=", "1:W8MHwXpWzpoSTD+cGcaJr4u0ys8="},
    {58, "3ffe:507:0:1:200:86ff:fe05:80da", 146, "3ffe:501:410:0:2c0:dfff:fe47:33e", 0,
     "1:noJRiS0AqdZUrO+kPIJp/fLFKfo=", "1:Ot72VXTM34cVSRXKhasjavrj0Wg="},
    {6, "2001:470:e5bf:dead:4957:2174:e82c:4887", 63943, "2607:f8b0:400c:c03::1a", 25,
     "1:/qFaeAR+gFe1KYjMzVDsMv+wgU4=", "1:eJYTW6AOzFLlSUoESovMjnu7rMw="},
    {17, "2001:db8::1", 53, "2001:db8::2", 5353,
     "1:tajKKCYPX5Fr60+44RSdKtpFb4s=", "1:Tfqc9jzrw03EjFFNKZbJawdvju8="},
    {132, "2001:db8::1", 36412, "2001:db8::2", 36412,
     "1:Yq5bORwvsjUIlt1L9jnRpH9wvHA=", "1:1uqyn/n/dysBBY9TmquyBWA2lpY="},
    {46, "10.1.12.1", 0, "10.1.12.2", 0,
     "1:KHlLkgoJW7ifUTyTSgyVfkFHzKw=", "1:rYir8gphR31noO9iDRQmF/BteEI="},
    {50, "2001:db8::1", 0, "2001:db8::2", 0,
     "1:JIAyWiD7dl1e74CJAdetAUPF/To=", "1:DFfHsIgIAKpSYCVCtZF2EiXGcXc="},
    {47, "10.1.12.2", 0, "10.1.12.1", 0,
     "1:DGkR+bCBNxKYP4mTZ2jyjj/8dck=", "1:MJZ3r7rsYK3ptuGjOY5+WT1zyf4="},
    {2, "10.0.0.1", 0, "224.0.0.22", 0,
     "1:6uvVg1jmaGFYgZGZiM9Q3BxeFp0=", "1:zu7ej/JMKqPdHjZVZt0vYNhndBM="},
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

TEST_P(CommunityIdVector, MatchesWithSeed0) {
  EXPECT_EQ(id_of(tuple_of(GetParam())), GetParam().id);
}
TEST_P(CommunityIdVector, MatchesWithSeed1) {
  EXPECT_EQ(id_of(tuple_of(GetParam()), 1), GetParam().id_of_seed_1);
}

INSTANTIATE_TEST_SUITE_P(Specification, CommunityIdVector, testing::ValuesIn(kVectors));

TEST(CommunityId, IsTheSameInBothDirections) {
  for (const Vector& vector : kVectors) {
    if (is_icmp(vector.protocol)) continue;  // the answer has another type
    CommunityTuple tuple = tuple_of(vector);
    std::swap(tuple.source, tuple.destination);
    std::swap(tuple.source_port, tuple.destination_port);
    EXPECT_EQ(id_of(tuple), vector.id);
  }
}

TEST(CommunityId, IsTheSameForQueryAndAnswer) {
  for (const uint8_t protocol : {uint8_t{1}, uint8_t{58}}) {
    for (const IcmpPair& pair : icmp_pairs(protocol)) {
      const Vector query = {protocol, "10.0.0.2", pair.request, "10.0.0.1", 0, "", ""};
      const Vector answer = {protocol, "10.0.0.1", pair.reply, "10.0.0.2", 0, "", ""};
      EXPECT_EQ(id_of(tuple_of(query)), id_of(tuple_of(answer))) << int{pair.request};
    }
  }
}

TEST(CommunityId, OtherIcmpMessagesKeepTheirDirection) {
  const Vector there = {1, "10.0.0.2", 3, "10.0.0.1", 1, "", ""};
  const Vector back = {1, "10.0.0.1", 3, "10.0.0.2", 1, "", ""};
  EXPECT_NE(id_of(tuple_of(there)), id_of(tuple_of(back)));
}

TEST(CommunityId, LeavesOutThePortsOfProtocolsWithoutPorts) {
  const Vector esp = {50, "10.0.0.1", 0, "10.0.0.2", 0, "", ""};
  const Vector with_ports = {50, "10.0.0.1", 7, "10.0.0.2", 9, "", ""};
  EXPECT_EQ(id_of(tuple_of(esp)), id_of(tuple_of(with_ports)));
}

TEST(CommunityId, OrdersByPortWhereTheAddressesAreEqual) {
  const Vector one = {6, "127.0.0.1", 80, "127.0.0.1", 40000, "", ""};
  const Vector other = {6, "127.0.0.1", 40000, "127.0.0.1", 80, "", ""};
  EXPECT_EQ(id_of(tuple_of(one)), id_of(tuple_of(other)));
}

TEST(CommunityIds, AreThoseOfEachFlowAloneInGroupsOfEverySize) {
  const uint32_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  for (size_t i = 0; i < 2'000; ++i) {
    std::array<CommunityTuple, kCommunityIdsAtOnce> tuples;
    std::array<CommunityIdText, kCommunityIdsAtOnce> ids;
    for (CommunityTuple& tuple : tuples) {
      tuple = tuple_of(kVectors[random() % std::size(kVectors)]);
      tuple.source_port = static_cast<uint16_t>(random());
    }
    const size_t size = 1 + i % tuples.size();
    const auto id_seed = static_cast<uint16_t>(random());
    community_ids(std::span(tuples).first(size), id_seed, std::span(ids).first(size));
    for (size_t k = 0; k < size; ++k) {
      ASSERT_EQ(std::string(ids[k].data(), ids[k].size()), id_of(tuples[k], id_seed)) << k;
    }
  }
}

TEST(CommunityIds, AreThoseOfTheSpecificationInAFullGroup) {
  for (size_t first = 0; first + kCommunityIdsAtOnce <= std::size(kVectors); ++first) {
    std::array<CommunityTuple, kCommunityIdsAtOnce> tuples;
    std::array<CommunityIdText, kCommunityIdsAtOnce> ids;
    for (size_t i = 0; i < tuples.size(); ++i) tuples[i] = tuple_of(kVectors[first + i]);
    community_ids(tuples, 0, ids);
    for (size_t i = 0; i < ids.size(); ++i) {
      ASSERT_EQ(std::string(ids[i].data(), ids[i].size()), kVectors[first + i].id);
    }
  }
}

}  // namespace
}  // namespace flowscope
