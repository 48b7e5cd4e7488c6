#include "dataplane/app/packet_options.h"

#include <gtest/gtest.h>

namespace flowscope {
namespace {

Config with(std::vector<std::string> decap, std::vector<std::string> ports = {}) {
  Config config;
  config.decap = std::move(decap);
  config.decap_ports = std::move(ports);
  return config;
}

TEST(DecapOptions, AutoTakesEverythingOffOnUsualPorts) {
  const Decap decap = decap_of(Config{}).value();
  for (size_t kind = 1; kind < kEncapKinds; ++kind)
    EXPECT_TRUE(decap.takes(static_cast<EncapKind>(kind))) << name_of(static_cast<EncapKind>(kind));
  EXPECT_EQ(decap.kind_of_port(4789), EncapKind::Vxlan);
  EXPECT_EQ(decap.kind_of_port(2152), EncapKind::GtpU);
}

TEST(DecapOptions, OffTakesNothingOff) {
  EXPECT_FALSE(decap_of(with({"off"})).value().takes_any());
}

TEST(DecapOptions, AListTakesOffWhatItNames) {
  const Decap decap = decap_of(with({"gre", "vxlan"})).value();
  EXPECT_TRUE(decap.takes(EncapKind::Gre));
  EXPECT_TRUE(decap.takes(EncapKind::Vxlan));
  EXPECT_FALSE(decap.takes(EncapKind::Geneve));
  EXPECT_EQ(decap.kind_of_port(6081), EncapKind::None);
}

TEST(DecapOptions, PortsTakeThePlaceOfTheUsualOnesOfTheirKind) {
  const Decap decap = decap_of(with({"auto"}, {"vxlan:14789", "vxlan:24789"})).value();
  EXPECT_EQ(decap.kind_of_port(14789), EncapKind::Vxlan);
  EXPECT_EQ(decap.kind_of_port(24789), EncapKind::Vxlan);
  EXPECT_EQ(decap.kind_of_port(4789), EncapKind::None);
  EXPECT_EQ(decap.kind_of_port(6081), EncapKind::Geneve) << "other kinds keep theirs";
  EXPECT_TRUE(decap.may_be_tunnel(14789, 1));
  EXPECT_FALSE(decap.may_be_tunnel(4789, 1));
}

TEST(DecapOptions, HasRoomForAsManyPortsAsAListMayHold) {
  std::vector<std::string> ports;
  for (int port = 20'000; port < 20'064; ++port) ports.push_back("vxlan:" + std::to_string(port));
  const Decap decap = decap_of(with({"auto"}, ports)).value();
  EXPECT_EQ(decap.kind_of_port(20'063), EncapKind::Vxlan);
  EXPECT_EQ(decap.kind_of_port(6081), EncapKind::Geneve);
}

TEST(DecapOptions, RefusesWhatItDoesNotKnowAndSaysWhatItDoes) {
  const auto message = [](const Config& config) {
    const Result<Decap> decap = decap_of(config);
    return decap.ok() ? std::string("accepted") : decap.error().message;
  };
  EXPECT_NE(message(with({"vxlann"})).find("decap: no encapsulation \"vxlann\""),
            std::string::npos);
  EXPECT_NE(message(with({"vxlann"})).find("geneve"), std::string::npos);
  EXPECT_NE(message(with({"off", "gre"})).find("decap: "), std::string::npos);
  for (const char* item :
       {"vxlan", "vxlan:", "vxlan:0", "vxlan:65536", "vxlan:47x", "gre:47", ":1"})
    EXPECT_NE(message(with({"auto"}, {item})).find("decap_ports: "), std::string::npos) << item;
  EXPECT_NE(message(with({"gre"}, {"vxlan:1"})).find("decap does not name"), std::string::npos);
  EXPECT_NE(message(with({"off"}, {"vxlan:1"})).find("decap is off"), std::string::npos);
}

TEST(KeyWith, NamesWhatTellsFlowsApart) {
  Config config;
  EXPECT_FALSE(key_with_of(config).value().vlan);
  config.table.key_with = {"vlan", "vni"};
  const NetworkOptions options = key_with_of(config).value();
  EXPECT_TRUE(options.vlan && options.vni);
  EXPECT_FALSE(options.teid || options.gre_key || options.mpls || options.session);
  config.table.key_with = {"vpn"};
  EXPECT_NE(key_with_of(config).error().message.find("table.key_with: \"vpn\""), std::string::npos);
}

TEST(DedupOptions, AreOffUntilThereIsAWindow) {
  Config config;
  EXPECT_FALSE(dedup_of(config).value().has_value());
  config.dedup.window_ns = 5 * kMillisecondNs;
  const std::optional<Dedup::Options> options = dedup_of(config).value();
  ASSERT_TRUE(options.has_value());
  EXPECT_EQ(options->window_ns, 5 * kMillisecondNs);
  EXPECT_EQ(options->frames_max, 256U);
  EXPECT_EQ(options->match, DedupMatch::Frame);
}

TEST(DedupOptions, NameWhatHasToBeTheSame) {
  Config config;
  config.dedup = {.window_ns = 1, .frames_max = 1'000, .match = "packet"};
  EXPECT_EQ(dedup_of(config).value()->match, DedupMatch::Packet);
  EXPECT_EQ(dedup_of(config).value()->frames_max, 1'000U);
  config.dedup.match = "payload";
  EXPECT_EQ(dedup_of(config).error().message,
            "dedup.match: \"payload\" is not known; expected frame or packet");
  config.dedup.window_ns = 0;
  EXPECT_FALSE(dedup_of(config).ok()) << "wrong though it is off";
}

TEST(FragmentOptions, NamesWhoseBytesStayWhereFragmentsOverlap) {
  Config config;
  EXPECT_EQ(overlap_of(config).value(), FragmentOverlap::Refuse);
  config.fragments.overlap = "bsd_right";
  EXPECT_EQ(overlap_of(config).value(), FragmentOverlap::BsdRight);
  config.fragments.overlap = "solaris";
  EXPECT_EQ(overlap_of(config).value(), FragmentOverlap::Solaris);
  config.fragments.overlap = "beos";
  EXPECT_NE(overlap_of(config).error().message.find("fragments.overlap: \"beos\""),
            std::string::npos);
}

TEST(StreamOptions, NamesWhatIsDoneWhereSegmentsOverlapOrAreTooMany) {
  Config config;
  EXPECT_EQ(segment_overlap_of(config).value(), SegmentOverlap::First);
  EXPECT_EQ(overflow_of(config).value(), OverflowPolicy::SlidingWindow);
  config.streams.overlap = "irix";
  config.streams.overflow = "drop_flow";
  EXPECT_EQ(segment_overlap_of(config).value(), SegmentOverlap::Irix);
  EXPECT_EQ(overflow_of(config).value(), OverflowPolicy::DropFlow);
  config.streams.overlap = "beos";
  EXPECT_EQ(segment_overlap_of(config).error().message,
            "streams.overlap: \"beos\" is not known; expected first, last, bsd, bsd_right, linux, "
            "old_linux, windows, vista, macos, solaris, hpux11, hpux10 or irix");
  config.streams.overflow = "";
  EXPECT_EQ(overflow_of(config).error().message,
            "streams.overflow: \"\" is not known; expected sliding_window or drop_flow");
}

}  // namespace
}  // namespace flowscope
