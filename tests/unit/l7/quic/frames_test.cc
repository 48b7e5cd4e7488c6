#include "l7/quic/frames.h"

#include <gtest/gtest.h>

#include <string>

#include "l7/quic/transport_parameters.h"
#include "tests/unit/l7/quic/packet_sealer.h"
#include "tests/unit/l7/tls/hello_builder.h"

namespace flowscope::quic::test {
namespace {

// What a walk finds, such as "crypto 5 abc, close 2, invalid".
std::string walked(const std::string& payload, FrameDialect dialect = FrameDialect::Rfc) {
  std::string text;
  FrameWalk walk(Bytes::of(payload), dialect);
  for (Frame frame = walk.next(); frame.kind != FrameKind::None; frame = walk.next()) {
    if (!text.empty()) text += ", ";
    if (frame.kind == FrameKind::Invalid) return text + "invalid";
    if (frame.kind == FrameKind::Close) {
      text += "close " + std::to_string(frame.error_code);
    } else {
      text += "crypto " + std::to_string(frame.offset) + ' ' + std::string(frame.bytes.as_text());
    }
  }
  return text;
}

TEST(QuicFrames, StepsOverPaddingPingsAndAcknowledgements) {
  const std::string counts("\x03\x05\x00\x01\x00\x02\x01\x01\x01\x02", 10);
  EXPECT_EQ(walked(std::string(5, '\0') + "\x01" + ack_frame() + counts + crypto_frame(5, "abc")
                   + std::string(3, '\0') + crypto_frame(0, "de") + close_frame(0x128)),
            "crypto 5 abc, crypto 0 de, close 296");
  EXPECT_EQ(walked(""), "");
  EXPECT_EQ(walked(std::string(1000, '\0')), "");
  for (size_t padding = 0; padding < 40; ++padding) {
    const std::string zeros(padding, '\0');
    EXPECT_EQ(walked(zeros + crypto_frame(0, zeros + "a") + zeros), "crypto 0 " + zeros + "a");
  }
}

struct BadFrame {
  const char* why;
  std::string payload;
};
TEST(QuicFrames, StopsAtWhatHasNoPlaceInAnInitial) {
  const BadFrame kCases[] = {
      {"RFC 9000 17.2.2: a stream frame", "\x08"},
      {"RFC 9000 17.2.2: closed by the application", "\x1d" + varint(1) + varint(0)},
      {"RFC 9000 12.4: a type that is none", varint(0x3fff)},
      {"RFC 9000 19.6: length beyond the packet", crypto_frame(0, "abc").substr(0, 5)},
      {"RFC 9000 19.6: nothing behind the type", "\x06"},
      {"RFC 9000 19.3: more ranges than bytes",
       std::string("\x02\x05\x00\xff\xff\xff\xff\xff\xff\xff"
                   "\xff\x00",
                   12)},
      {"RFC 9000 19.3: cut off", std::string("\x02\x05\x00", 3)},
      {"RFC 9000 19.19: reason beyond the packet", "\x1c" + varint(1) + varint(0) + varint(9)},
  };
  for (const BadFrame& entry : kCases) {
    EXPECT_EQ(walked(entry.payload), "invalid") << entry.why;
    EXPECT_EQ(walked(crypto_frame(0, "a") + entry.payload), "crypto 0 a, invalid") << entry.why;
  }
}

TEST(QuicFrames, ReadsTheFramesOfGoogleByTheirOwnNumbers) {
  const std::string crypto = "\x08" + varint(3) + varint(2) + "ab";
  // One further block, widths of one byte, two timestamps.
  const std::string ack("\x60\x05\x00\x00\x01\x02\x01\x01\x02\x01\x00\x00\x00\x00\x01\x00\x00", 17);
  EXPECT_EQ(walked("\x07" + ack + crypto, FrameDialect::Google), "crypto 3 ab");
  EXPECT_EQ(
      walked(crypto + "\x02" + big_endian(25, 4) + big_endian(2, 2) + "no", FrameDialect::Google),
      "crypto 3 ab, close 25");
  EXPECT_EQ(walked(crypto_frame(0, "ab"), FrameDialect::Google), "invalid");
  EXPECT_EQ(walked(ack.substr(0, 6), FrameDialect::Google), "invalid");
}

std::string user_agent_of(uint16_t extension, const std::string& parameters) {
  const std::string block = tls::test::extension_block({{extension, parameters}});
  return std::string(find_user_agent(Bytes::of(block)));
}

TEST(QuicTransportParameters, GiveTheNameThatAClientCallsItself) {
  const std::string name = varint(0x3129) + varint(6) + "Chrome";
  EXPECT_EQ(user_agent_of(0x39, varint(1) + varint(2) + "xx" + name + varint(4) + varint(0)),
            "Chrome");
  EXPECT_EQ(user_agent_of(0xffa5, name), "Chrome") << "up to draft 32";
  EXPECT_EQ(user_agent_of(0x38, name), "");
  EXPECT_EQ(user_agent_of(0x39, name.substr(0, 5)), "") << "cut off";
  EXPECT_EQ(user_agent_of(0x39, varint(0x3129) + varint(300) + std::string(300, 'u')),
            std::string(kUserAgentBytesMax, 'u'));
}

}  // namespace
}  // namespace flowscope::quic::test
