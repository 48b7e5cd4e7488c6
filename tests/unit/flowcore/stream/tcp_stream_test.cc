#include "flowcore/stream/tcp_stream.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

namespace flowscope {
namespace {

// Writes down what a stream hands on: bytes as they are, a gap as one '#' for each missing byte.
struct Recorder {
  std::string text;
  int gaps = 0;
  std::string runs;  // the same, with a '|' before each run of bytes
  void on_bytes(Bytes bytes) {
    text += bytes.as_text();
    runs += '|';
    runs += bytes.as_text();
  }
  void on_gap(uint32_t missing_bytes) {
    text.append(missing_bytes, '#');
    ++gaps;
  }
};

class TcpStreamTest : public testing::Test {
 protected:
  static constexpr size_t kPoolBytes = size_t{4} << 20;
  static constexpr SegmentStore::Options kOptions{.segments_max = 1024,
                                                  .bytes_per_side_max = 64 << 10};

  void segment(uint32_t seq, std::string_view text, uint64_t clock_ns = 0,
               uint32_t missing_tail = 0) {
    stream_.segment({.seq = seq,
                     .payload = Bytes::of(text),
                     .missing_tail = missing_tail,
                     .clock_ns = clock_ns},
                    store_, out_);
  }
  void acknowledge(uint32_t ack, uint64_t clock_ns = 0) {
    stream_.peer_acknowledged(ack, clock_ns, store_, out_);
  }

  Arena arena_ =
      std::move(Arena::create(BufferPool::cost(kPoolBytes) + SegmentStore::cost(kOptions),
                              Arena::Populate::Lazily)
                    .value());
  BufferPool pool_{arena_, kPoolBytes};
  SegmentStore store_{arena_, pool_, kOptions};
  TcpStream stream_;
  Recorder out_;
};

TEST_F(TcpStreamTest, HandsOnSegmentsInOrder) {
  stream_.anchor(100);
  segment(100, "abc");
  segment(103, "def");
  EXPECT_EQ(out_.text, "abcdef");
}

TEST_F(TcpStreamTest, AnchorsAtTheFirstSegmentWhenTheOpeningWasNotSeen) {
  segment(5000, "abc");
  EXPECT_EQ(out_.text, "abc");
}

TEST_F(TcpStreamTest, FillsAHoleWhenTheMissingSegmentComes) {
  stream_.anchor(0);
  segment(3, "def");
  segment(6, "ghi");
  EXPECT_EQ(out_.text, "");
  segment(0, "abc");
  EXPECT_EQ(out_.text, "abcdefghi");
  EXPECT_EQ(store_.live(), 0U);
}

TEST_F(TcpStreamTest, SkipsARetransmissionAndDeliversItsNewTail) {
  stream_.anchor(0);
  segment(0, "abcd");
  segment(0, "abcd");
  segment(2, "cdef");
  EXPECT_EQ(out_.text, "abcdef");
}

TEST_F(TcpStreamTest, KeepsTheFirstCopyWhereHeldSegmentsOverlap) {
  stream_.anchor(0);
  segment(4, "EEFF");
  segment(2, "ccddeeff");
  segment(0, "aa");
  EXPECT_EQ(out_.text, "aaccEEFFff");
}

TEST_F(TcpStreamTest, CountsThroughTheWrapOfSequenceNumbers) {
  stream_.anchor(0xfffffffe);
  segment(1, "def");
  segment(0xfffffffe, "abc");
  EXPECT_EQ(out_.text, "abcdef");
}

TEST_F(TcpStreamTest, IgnoresAKeepAlive) {
  stream_.anchor(10);
  segment(10, "abc");
  segment(12, "X");
  segment(13, "def");
  EXPECT_EQ(out_.text, "abcdef");
}

TEST_F(TcpStreamTest, GivesUpAHoleThePeerAcknowledgedAfterTheGrace) {
  stream_.anchor(0);
  segment(3, "def", 1000);
  acknowledge(6, 2000);
  EXPECT_EQ(out_.text, "") << "packets may have been captured out of order";
  acknowledge(6, 2000 + TcpStream::kAckGrace_ns);
  EXPECT_EQ(out_.text, "###def");
  EXPECT_EQ(out_.gaps, 1);
}

TEST_F(TcpStreamTest, WaitsForAHoleThePeerStillMisses) {
  stream_.anchor(0);
  segment(3, "def", 0);
  acknowledge(0, 60'000'000'000);
  EXPECT_EQ(out_.text, "") << "the peer lacks the bytes too, so they will be sent again";
  segment(0, "abc", 61'000'000'000);
  EXPECT_EQ(out_.text, "abcdef");
}

TEST_F(TcpStreamTest, GivesUpAHoleAfterAWhileWhenOnlyOneSideIsCaptured) {
  stream_.anchor(0);
  segment(3, "def", 0);
  segment(6, "ghi", TcpStream::kOneSidedWait_ns);
  EXPECT_EQ(out_.text, "###defghi");
}

TEST_F(TcpStreamTest, ReportsTheTailThatTheCaptureCutOff) {
  stream_.anchor(0);
  segment(0, "abc", 0, 2);
  segment(5, "fgh");
  EXPECT_EQ(out_.text, "abc##fgh");
  EXPECT_EQ(stream_.gap_bytes(), 2U);
}

TEST_F(TcpStreamTest, RefusesAStraySegmentFarAhead) {
  stream_.anchor(0);
  segment(0x40000000, "evil");
  segment(0, "abc");
  EXPECT_EQ(out_.text, "abc");
  EXPECT_EQ(stream_.strays(), 1U);
}

TEST_F(TcpStreamTest, FlushHandsOnWhatIsHeldWithGapsBetween) {
  stream_.anchor(0);
  segment(2, "cc");
  segment(6, "gg");
  stream_.flush(store_, out_);
  EXPECT_EQ(out_.text, "##cc##gg");
  EXPECT_EQ(pool_.bytes_in_use(), 0U);
}

TEST_F(TcpStreamTest, IsCompleteWhenEverythingBeforeTheFinIsHandedOn) {
  stream_.anchor(0);
  stream_.fin_at(6);
  segment(3, "def");
  EXPECT_FALSE(stream_.complete());
  segment(0, "abc");
  EXPECT_TRUE(stream_.complete());
}

TEST_F(TcpStreamTest, HoldsNoMoreThanItsCapAndLosesOnlyTheHole) {
  stream_.anchor(0);
  std::string expected(1, '#');
  for (uint32_t i = 1; i <= 3000; ++i) {
    const std::string byte(1, static_cast<char>('a' + i % 26));
    segment(i, byte);
    expected += byte;
    ASSERT_LE(pool_.bytes_in_use(), kOptions.bytes_per_side_max + 512);
  }
  stream_.flush(store_, out_);
  EXPECT_EQ(out_.text, expected);
}

TEST_F(TcpStreamTest, GoesOnWithoutHoldingWhenAllMemoryIsTaken) {
  std::vector<std::span<uint8_t>> taken;
  for (auto block = pool_.take(1); !block.empty(); block = pool_.take(1)) taken.push_back(block);
  stream_.anchor(0);
  segment(3, "def");
  segment(6, "ghi");
  EXPECT_EQ(out_.text, "###defghi");
  for (auto block : taken) pool_.give_back(block);
}

TEST_F(TcpStreamTest, TakesUpTheHoleThatFollowsAFilledOneAnew) {
  stream_.anchor(0);
  segment(3, "def", 1000);
  segment(9, "jkl", 1000);
  acknowledge(6, 2000);
  segment(0, "abc", 3000);
  EXPECT_EQ(out_.text, "abcdef");
  segment(12, "mno", 3000 + TcpStream::kAckGrace_ns);
  EXPECT_EQ(out_.text, "abcdef") << "the acknowledgment spoke of the first hole only";
  segment(6, "ghi", 4000 + TcpStream::kAckGrace_ns);
  EXPECT_EQ(out_.text, "abcdefghijklmno");
}

TEST_F(TcpStreamTest, GivesUpAHoleWhenThePeerFellSilent) {
  stream_.anchor(0);
  acknowledge(0, 0);
  segment(3, "def", 0);
  segment(6, "ghi", TcpStream::kSilentPeerWait_ns - 1);
  EXPECT_EQ(out_.text, "");
  segment(9, "jkl", TcpStream::kSilentPeerWait_ns);
  EXPECT_EQ(out_.text, "###defghijkl");
}

TEST_F(TcpStreamTest, WaitsOnWhenTheClockGoesBack) {
  stream_.anchor(0);
  segment(3, "def", 5'000'000'000);
  segment(6, "ghi", 1'000'000'000);
  EXPECT_EQ(out_.text, "");
}

TEST_F(TcpStreamTest, GoesOnBehindALossLargerThanAnyHole) {
  constexpr uint32_t kLost = 40'000'000;
  stream_.anchor(0);
  segment(0, "abc");
  segment(kLost, "xyz");
  EXPECT_EQ(stream_.strays(), 1U) << "nothing says that it is no forgery";
  acknowledge(kLost - 1000);
  segment(kLost, "xyz");
  EXPECT_EQ(stream_.strays(), 1U);
  EXPECT_EQ(stream_.gap_bytes(), kLost - 1000 - 3);
  segment(kLost - 1000, std::string(1000, 'm'));
  EXPECT_EQ(out_.text.substr(out_.text.size() - 4), "mxyz");
}

TEST_F(TcpStreamTest, TellsOfTheHoleBeforeTheFin) {
  stream_.anchor(0);
  segment(0, "abc");
  stream_.fin_at(8);
  stream_.flush(store_, out_);
  EXPECT_EQ(out_.text, "abc#####");
}

TEST_F(TcpStreamTest, HandsOnTheBytesThatCameWithTheFin) {
  stream_.anchor(0);
  segment(0, "abc");
  segment(3, "def");
  stream_.fin_at(6);
  EXPECT_TRUE(stream_.complete());
  EXPECT_EQ(out_.text, "abcdef");
}

TEST_F(TcpStreamTest, KeepsTheFirstCopyWhereTheSegmentThatFillsTheHoleOverlaps) {
  stream_.anchor(0);
  segment(2, "CC");
  segment(6, "GG");
  segment(0, "aabbccddee");
  EXPECT_EQ(out_.text, "aaCCccGGee");
  EXPECT_EQ(stream_.conflicts(), 1U);
}

TEST_F(TcpStreamTest, HandsOnHeldBytesThatLieInACutTail) {
  stream_.anchor(0);
  segment(5, "fg");
  segment(0, "abc", 0, 7);
  EXPECT_EQ(out_.text, "abc##fg###");
}

TEST_F(TcpStreamTest, BeginsARunWhereASegmentBegan) {
  stream_.anchor(0);
  segment(7, "hi");
  segment(3, "def");
  segment(5, "fghi");  // begins with a byte that is there already
  segment(0, "abc");
  EXPECT_EQ(out_.runs, "|abc|defg|hi");
}

TEST_F(TcpStreamTest, TellsSegmentsApartByWhatTheyBring) {
  stream_.anchor(100);
  segment(100, "abcd");  // next
  segment(103, "d");     // keep-alive
  segment(100, "abcd");  // retransmitted
  segment(102, "cdef");  // overlapping
  segment(110, "kl");    // out of order
  segment(109, "jklm");  // out of order and overlapping
  segment(110, "kl");    // retransmitted, held
  segment(105, "f");     // retransmitted: no keep-alive where more is behind it
  segment(0x50000000, "x");
  EXPECT_EQ(stream_.keep_alives(), 1U);
  EXPECT_EQ(stream_.retransmitted(), 3U);
  EXPECT_EQ(stream_.overlapping(), 2U);
  EXPECT_EQ(stream_.out_of_order(), 2U);
  EXPECT_EQ(stream_.strays(), 1U);
  EXPECT_EQ(stream_.conflicts(), 0U);
  EXPECT_EQ(stream_.offset(), 6U);
}

TEST_F(TcpStreamTest, CountsSegmentsThatContradictWhatIsHeld) {
  stream_.anchor(0);
  segment(5, "evil");
  segment(5, "good");
  segment(5, "evil");
  EXPECT_EQ(stream_.conflicts(), 1U);
}

TEST_F(TcpStreamTest, TakesBytesOfASynWhetherTheyWereAcceptedOrNot) {
  stream_.anchor(1001);
  segment(1001, "GET /");
  segment(1001, "GET / HTTP");  // the server took none of it, so it is sent again
  EXPECT_EQ(out_.text, "GET / HTTP");
}

// Whatever the order, duplication and cutting of segments, the bytes come out once, in order; bytes
// that no segment carried come out as gaps. Checked against the text itself.
TEST_F(TcpStreamTest, AgreesWithTheOriginalForRandomSchedules) {
  constexpr uint32_t kSeed = 20260101;
  SCOPED_TRACE("seed " + std::to_string(kSeed));
  std::mt19937 random(kSeed);
  const auto below = [&](uint32_t n) { return static_cast<uint32_t>(random() % n); };
  for (int round = 0; round < 20000; ++round) {
    std::string text(1 + below(60), ' ');
    for (char& c : text) c = static_cast<char>('a' + below(26));
    const uint32_t base = below(4) == 0 ? 0xffffffe0U : static_cast<uint32_t>(random());
    std::string covered(text.size(), '#');
    struct Piece {
      uint32_t at, size;
    };
    std::vector<Piece> pieces;
    for (uint32_t n = 1 + below(20); n > 0; --n) {
      const uint32_t at = below(static_cast<uint32_t>(text.size()));
      const uint32_t size = 1 + below(static_cast<uint32_t>(text.size()) - at);
      pieces.push_back({at, size});
      covered.replace(at, size, text, at, size);
    }
    TcpStream stream;
    Recorder out;
    stream.anchor(base);
    for (const Piece& piece : pieces) {
      stream.segment({.seq = base + piece.at,
                      .payload = Bytes::of(text).sub(piece.at, piece.size),
                      .missing_tail = 0,
                      .clock_ns = 0},
                     store_, out);
    }
    stream.flush(store_, out);
    covered.resize(covered.find_last_not_of('#') + 1);
    ASSERT_EQ(out.text, covered) << "round " << round;
    ASSERT_EQ(store_.live(), 0U);
  }
  EXPECT_EQ(pool_.bytes_in_use(), 0U);
}

}  // namespace
}  // namespace flowscope
