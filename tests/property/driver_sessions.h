#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "flowcore/base/flow_side.h"
#include "tests/property/tunnel_seed.h"
#include "tests/support/nesting.h"
#include "tests/support/packet_builder.h"

namespace flowscope::testing {

// What the frames of random sessions suffer on their way to the capture.
struct Mishaps {
  uint32_t lost_percent = 0;        // of segments with payload; never of a SYN or FIN
  uint32_t swapped_percent = 0;     // come after the next frame of their session
  uint32_t repeated_percent = 0;    // come twice
  uint32_t resent_percent = 0;      // are followed by others that carry some of their bytes again
  uint32_t fragmented_percent = 0;  // of packets with payload: come in two or three fragments
  uint32_t depth_max = 0;           // tunnels around the session
};

// A TCP session with texts of chance, and what of them was captured.
class RandomSession {
 public:
  RandomSession(uint32_t number, const Mishaps& mishaps, std::mt19937& random)
      : random_(random), mishaps_(mishaps), version_(random() % 2 == 0 ? 4 : 6) {
    const auto forms = random_forms(random() % (mishaps.depth_max + 1), version_, random);
    const auto seed = static_cast<uint32_t>(random());
    for (const FlowSide side : {FlowSide::Initiator, FlowSide::Responder}) {
      const size_t i = index_of(side);
      nesting_[i] = nest(forms, version_, seed, side);
      // Numbers close to the wrap-around too.
      first_seq_[i] = static_cast<uint32_t>(random() % 2 == 0 ? random() : -(random() % 2000));
      sent[i].resize(random() % 3000);
      for (char& letter : sent[i]) letter = static_cast<char>('a' + random() % 26);
      captured[i].resize(sent[i].size());
    }
    port_ = static_cast<uint16_t>(1000 + number);
    speak();
  }

  [[nodiscard]] uint16_t port() const { return port_; }
  [[nodiscard]] const std::string& tunnels() const { return nesting_[0].name; }

  std::array<std::string, 2> sent;              // by index_of(FlowSide)
  std::array<std::vector<bool>, 2> captured{};  // which bytes of it some frame holds
  std::vector<Frame> frames;                    // in the order of the capture

 private:
  bool by_chance(uint32_t percent) { return random_() % 100 < percent; }

  void speak() {
    segment(FlowSide::Initiator, 0, "", tcp_flag::kSyn);
    segment(FlowSide::Responder, 0, "", tcp_flag::kSyn | tcp_flag::kAck);
    segment(FlowSide::Initiator, 1, "", tcp_flag::kAck);
    const size_t talk = frames.size();
    while (left(0) + left(1) > 0) {
      const size_t i = left(0) == 0 ? 1 : left(1) == 0 ? 0 : random_() % 2;
      say(i == 0 ? FlowSide::Initiator : FlowSide::Responder);
    }
    for (const FlowSide side : {FlowSide::Initiator, FlowSide::Responder})
      segment(side, 1 + said_[index_of(side)], "", tcp_flag::kFin | tcp_flag::kAck);
    for (size_t at = talk; at + 1 < frames.size(); ++at) {
      if (by_chance(mishaps_.swapped_percent)) std::swap(frames[at], frames[at + 1]);
    }
  }
  [[nodiscard]] size_t left(size_t i) const { return sent[i].size() - said_[i]; }

  void say(FlowSide side) {
    const size_t i = index_of(side);
    const size_t bytes = 1 + random_() % std::min<size_t>(left(i), 600);
    const size_t begin = said_[i];
    said_[i] += bytes;
    if (!by_chance(mishaps_.lost_percent)) carry(side, begin, bytes);
    if (by_chance(mishaps_.repeated_percent) && !frames.empty()) frames.push_back(frames.back());
    if (by_chance(mishaps_.resent_percent)) {
      const size_t again = random_() % said_[i];
      carry(side, again, 1 + random_() % (said_[i] - again));
    }
  }
  void carry(FlowSide side, size_t begin, size_t bytes) {
    const size_t i = index_of(side);
    const std::string text = sent[i].substr(begin, std::min<size_t>(bytes, 1200));
    std::fill_n(captured[i].begin() + static_cast<ptrdiff_t>(begin), text.size(), true);
    segment(side, 1 + begin, text, tcp_flag::kAck | tcp_flag::kPsh);
  }
  void segment(FlowSide side, size_t offset, const std::string& text, int flags) {
    const size_t i = index_of(side);
    PacketBuilder builder = in_ip(i);
    const std::array<uint16_t, 2> ports = {port_, 80};
    const bool acks = (flags & tcp_flag::kAck) != 0;
    builder.tcp(ports[i], ports[1 - i],
                {.seq = first_seq_[i] + static_cast<uint32_t>(offset),
                 .ack = acks ? first_seq_[1 - i] + 1 + static_cast<uint32_t>(said_[1 - i]) : 0,
                 .flags = static_cast<uint8_t>(flags)});
    const Frame frame = builder.payload(text).build();
    constexpr size_t kTcpBytes = 20;
    if (!text.empty() && by_chance(mishaps_.fragmented_percent))
      return in_fragments(
          i, Frame(frame.end() - static_cast<ptrdiff_t>(kTcpBytes + text.size()), frame.end()));
    frames.push_back(frame);
  }
  [[nodiscard]] PacketBuilder in_ip(size_t i, const Ipv4Fields& fields = {}) const {
    const char* const ends4[] = {"10.1.2.3", "192.168.200.100"};
    const char* const ends6[] = {"2001:db8::1:2", "fe80::aaaa:bbbb"};
    PacketBuilder builder = nesting_[i].outside;
    if (version_ == 4) {
      builder.ipv4(ends4[i], ends4[1 - i], fields);
    } else {
      builder.ipv6(ends6[i], ends6[1 - i]);
    }
    return builder;
  }
  // A TCP segment in two or three fragments, in any order.
  void in_fragments(size_t i, const Frame& segment) {
    constexpr uint8_t kTcp = 6;
    const size_t units = (segment.size() + 7) / 8;
    std::vector<size_t> begins = {0, 1 + random_() % (units - 1)};
    if (begins[1] + 1 < units)
      begins.push_back(begins[1] + 1 + random_() % (units - begins[1] - 1));
    const auto identification = static_cast<uint16_t>(port_ * 401 + ++datagrams_);
    const size_t first_frame = frames.size();
    for (size_t part = 0; part < begins.size(); ++part) {
      const bool more = part + 1 < begins.size();
      const size_t begin = begins[part] * 8;
      const size_t end = more ? begins[part + 1] * 8 : segment.size();
      const auto offset = static_cast<uint16_t>(begin);
      PacketBuilder builder = in_ip(i, {.identification = identification,
                                        .fragment_offset = offset,
                                        .more_fragments = more,
                                        .protocol = kTcp});
      if (version_ == 6) {
        builder.fragment({.fragment_offset = offset,
                          .more_fragments = more,
                          .identification = identification,
                          .next_header = kTcp});
      }
      const auto at = segment.begin();
      frames.push_back(
          builder
              .payload(Frame(at + static_cast<ptrdiff_t>(begin), at + static_cast<ptrdiff_t>(end)))
              .build());
    }
    std::shuffle(frames.begin() + static_cast<ptrdiff_t>(first_frame), frames.end(), random_);
  }

  std::mt19937& random_;
  Mishaps mishaps_;
  uint8_t version_;
  uint16_t port_ = 0;
  std::array<Nesting, 2> nesting_;
  std::array<uint32_t, 2> first_seq_{};
  std::array<size_t, 2> said_{};
  uint16_t datagrams_ = 0;  // that came in fragments
};

// A frame and whose it is.
struct SessionFrame {
  size_t session;
  const Frame* frame;
};

// The frames of all sessions, mixed, each session's in its own order; `width` sessions at a time.
inline std::vector<SessionFrame> mixed(const std::vector<RandomSession>& sessions, size_t width,
                                       std::mt19937& random) {
  std::vector<SessionFrame> frames;
  std::vector<size_t> next(sessions.size());
  std::vector<size_t> live;
  size_t begun = 0;
  while (!live.empty() || begun < sessions.size()) {
    if (live.size() < width && begun < sessions.size()) {
      live.push_back(begun++);
      continue;
    }
    const size_t pick = random() % live.size();
    const size_t session = live[pick];
    frames.push_back({session, &sessions[session].frames[next[session]++]});
    if (next[session] == sessions[session].frames.size())
      live.erase(live.begin() + static_cast<ptrdiff_t>(pick));
  }
  return frames;
}

}  // namespace flowscope::testing
