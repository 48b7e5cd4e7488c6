// The fragment table against a map from each byte to the fragment that it came from.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <utility>
#include <vector>

#include "flowcore/packet/decode.h"
#include "flowcore/stream/fragment_table.h"

namespace flowscope {
namespace {

using Payload = std::vector<uint8_t>;

constexpr uint32_t kHeaderBytes = 14 + 20;

struct Part {
  uint32_t begin = 0;
  bool is_last = false;
  Payload bytes{};

  [[nodiscard]] uint32_t end() const { return begin + static_cast<uint32_t>(bytes.size()); }
};

// What the datagram of a few fragments becomes, byte by byte, as the policies are described.
class Model {
 public:
  explicit Model(FragmentOverlap overlap) : overlap_(overlap) {}

  // The payload, when this part makes it whole.
  std::optional<Payload> add(const Part& part) {
    if (is_refused_) return {};
    if (contradicts_length(part) || (overlap_ == FragmentOverlap::Refuse && overlaps(part))) {
      if (overlap_ == FragmentOverlap::Refuse) refuse();
      return {};
    }
    if (part.is_last) end_ = part.end();
    parts_.emplace_back(part.begin, part.end());
    for (uint32_t at = part.begin; at < part.end(); ++at) {
      const Byte fresh{part.bytes[at - part.begin], part.begin, part.end()};
      const auto [place, is_new] = bytes_.try_emplace(at, fresh);
      if (!is_new && replaces(place->second, fresh)) place->second = fresh;
    }
    if (end_ == 0 || bytes_.size() != end_) return {};
    Payload whole;
    for (const auto& [at, byte] : bytes_) whole.push_back(byte.value);
    *this = Model(overlap_);
    return whole;
  }

 private:
  struct Byte {
    uint8_t value;
    uint32_t begin;
    uint32_t end;
  };

  [[nodiscard]] bool contradicts_length(const Part& part) const {
    const uint32_t highest = bytes_.empty() ? 0 : bytes_.rbegin()->first + 1;
    if (end_ != 0 && part.end() > end_) return true;
    return part.is_last && (part.end() < highest || (end_ != 0 && part.end() != end_));
  }
  [[nodiscard]] bool overlaps(const Part& part) const {
    bool overlaps = false;
    bool differs = false;
    for (uint32_t at = part.begin; at < part.end(); ++at) {
      const auto place = bytes_.find(at);
      if (place == bytes_.end()) continue;
      overlaps = true;
      differs |= place->second.value != part.bytes[at - part.begin];
    }
    const bool is_repeated =
        !differs
        && std::find(parts_.begin(), parts_.end(), std::pair{part.begin, part.end()})
               != parts_.end();
    return overlaps && !is_repeated;
  }
  [[nodiscard]] bool replaces(const Byte& held, const Byte& fresh) const {
    switch (overlap_) {
      case FragmentOverlap::Refuse:
      case FragmentOverlap::First:
        return false;
      case FragmentOverlap::Last:
        return true;
      case FragmentOverlap::Bsd:
        return !(held.begin <= fresh.begin);
      case FragmentOverlap::BsdRight:
        return held.begin <= fresh.begin;
      case FragmentOverlap::Linux:
        return !(held.begin < fresh.begin);
      case FragmentOverlap::Windows:
        return fresh.begin < held.begin && held.end < fresh.end;
      case FragmentOverlap::Solaris:
        return fresh.begin < held.begin && held.end <= fresh.end;
    }
    return false;
  }
  void refuse() {
    is_refused_ = true;
    bytes_.clear();
  }

  FragmentOverlap overlap_;
  bool is_refused_ = false;
  uint32_t end_ = 0;
  std::map<uint32_t, Byte> bytes_;
  std::vector<std::pair<uint32_t, uint32_t>> parts_;
};

// A table that is given the fragments of one datagram after the other.
class Table {
 public:
  explicit Table(FragmentOverlap overlap)
      : arena_(std::move(
          Arena::create(FragmentTable::cost(options(overlap)), Arena::Populate::Lazily).value())),
        table_(arena_, options(overlap), 1, 2) {}

  std::optional<Payload> add(uint16_t identification, const Part& part) {
    write_frame(identification, part);
    burst_->count = 1;
    burst_->packet[0] = {.frame = {frame_.data(), frame_.size()},
                         .wire_bytes = static_cast<uint32_t>(frame_.size())};
    burst_->layers[0] = decode_frame(burst_->packet[0]);
    const uint64_t clock_ns = 0;
    Silence silence;
    table_.join(
        *burst_, {&clock_ns, 1}, [](const PacketView&, Layers&) {}, silence);
    table_.release();
    if (burst_->layers[0].status != DecodeStatus::Ip) return {};
    const Bytes payload = burst_->packet[0].frame.after(kHeaderBytes);
    return Payload(payload.begin(), payload.end());
  }

 private:
  struct Silence {
    void on_overlap(const PacketView& /*packet*/, const Layers& /*layers*/, FragmentConflict) {}
  };
  static FragmentTable::Options options(FragmentOverlap overlap) {
    return {.datagrams_max = 64, .bytes_max = size_t{1} << 20, .overlap = overlap};
  }

  // Ethernet and IPv4 by hand: building every frame field by field would take most of the time.
  void write_frame(uint16_t identification, const Part& part) {
    frame_.assign(kHeaderBytes, 0);
    frame_[12] = 8;
    frame_[14] = 0x45;
    const uint32_t total_bytes = 20 + static_cast<uint32_t>(part.bytes.size());
    const uint32_t field = part.begin / 8 | (part.is_last ? 0 : 0x2000);
    for (const auto& [at, value] :
         {std::pair<size_t, uint32_t>{16, total_bytes}, {18, identification}, {20, field}}) {
      frame_[at] = static_cast<uint8_t>(value >> 8);
      frame_[at + 1] = static_cast<uint8_t>(value);
    }
    frame_[23] = 99;
    frame_.insert(frame_.end(), part.bytes.begin(), part.bytes.end());
  }

  Arena arena_;
  FragmentTable table_;
  std::unique_ptr<Burst> burst_ = std::make_unique<Burst>();
  Payload frame_;
};

uint32_t seed_from_environment() {
  const char* text = std::getenv("FS_PROPERTY_SEED");  // NOLINT(concurrency-mt-unsafe)
  return text == nullptr ? 20260101 : static_cast<uint32_t>(std::strtoul(text, nullptr, 10));
}

// Parts of a datagram of at most `units_max` units: with a few letters only, so that overlaps with
// the same bytes are usual too.
Part random_part(std::mt19937& random, uint32_t units_max, uint32_t scale) {
  const uint32_t begin = static_cast<uint32_t>(random() % units_max);
  const uint32_t units = 1 + static_cast<uint32_t>(random() % std::min(4U, units_max - begin));
  Part part{.begin = begin * 8 * scale, .is_last = random() % 8 == 0 || begin + units == units_max};
  size_t bytes = size_t{units} * 8 * scale;
  if (part.is_last && random() % 2 == 0) bytes -= random() % 8;
  part.bytes.assign(bytes, static_cast<uint8_t>('a' + random() % 2));
  return part;
}

struct Size {
  uint32_t units_max;
  uint32_t scale;  // units of eight bytes that a unit of the schedule stands for
  int schedules;
};

class FragmentModel : public ::testing::TestWithParam<FragmentOverlap> {};

void compare(FragmentOverlap overlap, const Size& size) {
  const uint32_t seed = seed_from_environment();
  SCOPED_TRACE(::testing::Message() << "FS_PROPERTY_SEED=" << seed);
  std::mt19937 random(seed);
  Table table(overlap);
  int whole = 0;
  for (int schedule = 0; schedule < size.schedules; ++schedule) {
    Model model(overlap);
    const uint32_t units_max = 1 + static_cast<uint32_t>(random() % size.units_max);
    for (uint32_t i = 0; i < 2 * units_max + 2; ++i) {
      const Part part = random_part(random, units_max, size.scale);
      if (part.begin == 0 && part.is_last) continue;  // no fragment
      const std::optional<Payload> expected = model.add(part);
      ASSERT_EQ(table.add(static_cast<uint16_t>(schedule), part), expected)
          << "schedule " << schedule << ", part " << i;
      whole += expected.has_value() ? 1 : 0;
    }
  }
  EXPECT_GT(whole, size.schedules / 50);
}

TEST_P(FragmentModel, GivesTheBytesThatThePolicyChooses) { compare(GetParam(), {8, 1, 14'000}); }
TEST_P(FragmentModel, GivesThemAcrossBlocksToo) { compare(GetParam(), {12, 23, 500}); }

INSTANTIATE_TEST_SUITE_P(All, FragmentModel,
                         ::testing::Values(FragmentOverlap::Refuse, FragmentOverlap::First,
                                           FragmentOverlap::Last, FragmentOverlap::Bsd,
                                           FragmentOverlap::BsdRight, FragmentOverlap::Linux,
                                           FragmentOverlap::Windows, FragmentOverlap::Solaris));

}  // namespace
}  // namespace flowscope
