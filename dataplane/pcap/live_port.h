#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "dataplane/pcap/port_counters.h"
#include "flowcore/base/result.h"
#include "flowcore/packet/burst.h"

struct pcap;
struct pcap_pkthdr;

namespace flowscope {

// A port that captures from a network interface through libpcap; needs CAP_NET_RAW or root. Frames
// are copied once, from libpcap's ring into a block made at start, because libpcap lends them only
// for the length of its callback.
// Thread rule: one thread. Lifetime: frames of a burst are valid until the next receive().
class LivePort {
 public:
  enum class Promiscuous : uint8_t { No, Yes };
  struct Options {
    std::string interface;
    std::string filter;  // libpcap filter expression; empty takes everything
    Promiscuous promiscuous = Promiscuous::Yes;
    uint32_t snap_bytes = 262'144;
    uint32_t kernel_buffer_bytes = 32U << 20;
    uint32_t packets_max = 64;  // of a burst, at most kBurstMax
  };

  static Result<LivePort> open(const Options& options);
  LivePort(LivePort&& other) noexcept = default;
  LivePort& operator=(LivePort&& other) noexcept = default;
  LivePort(const LivePort&) = delete;
  LivePort& operator=(const LivePort&) = delete;
  ~LivePort() = default;

  // Sets burst.count and the packets to what has arrived; zero when nothing has. Never waits.
  size_t receive(Burst& burst);
  // Waits until packets may be there, for at most `milliseconds`; a signal ends the wait early.
  void wait(int milliseconds);
  // What is readable when packets may be there, for poll(2) and its kin; the port's own, -1 where
  // the interface has none.
  [[nodiscard]] int descriptor() const { return descriptor_; }
  // Nothing to give back: the block is written over only when the next burst is asked for.
  void release(Burst& burst) { burst.count = 0; }
  // True once the interface has failed, for the reason fault().
  [[nodiscard]] bool ended() const { return !fault_.message.empty(); }
  [[nodiscard]] const Error& fault() const { return fault_; }

  // Asks the kernel for its drop counters; not for every burst. The drops include those of the
  // interface.
  [[nodiscard]] PortCounters counters();

 private:
  struct ClosePcap {
    void operator()(pcap* handle) const;
  };
  using Pcap = std::unique_ptr<pcap, ClosePcap>;
  // Where libpcap's callback puts packets during one call of receive().
  struct Filling;

  LivePort(Pcap handle, const Options& options);
  static Result<Pcap> activate(const Options& options);
  static Result<void> set_filter(pcap* handle, const Options& options);
  static void take(uint8_t* filling, const pcap_pkthdr* header, const uint8_t* frame);

  Pcap handle_;
  std::string interface_;
  uint32_t packets_max_;
  size_t frame_bytes_max_;
  size_t block_bytes_;
  std::unique_ptr<uint8_t[]> block_;
  LinkType link_ = LinkType::Unknown;
  uint32_t ns_per_fraction_ = 1000;
  int descriptor_ = -1;
  Error fault_;

  uint64_t received_ = 0;
  uint64_t bytes_ = 0;
  // libpcap's counters are 32 bits wide and wrap around; these are their last values and our sum.
  uint32_t kernel_drops_before_ = 0;
  uint32_t interface_drops_before_ = 0;
  uint64_t drops_ = 0;
};

}  // namespace flowscope
