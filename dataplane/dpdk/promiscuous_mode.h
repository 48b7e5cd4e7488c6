#pragma once

#include <cstdint>

namespace flowscope {

// A port that receives frames for other machines and every multicast address, for as long as this
// object lives. A kernel interface below the port (of net_af_packet, net_af_xdp) lives longer: it
// gets back the modes that it had before, and keeps those that somebody had switched on already. A
// virtual device may refuse a mode; it then sees everything anyway.
// Thread rule: the control thread.
class PromiscuousMode {
 public:
  // `interface_index`: of the kernel interface below the port, 0 for none. Requires: the port is
  // configured; it is not closed before this object ends, but may be removed.
  PromiscuousMode(uint16_t port, unsigned interface_index);
  ~PromiscuousMode();
  PromiscuousMode(const PromiscuousMode&) = delete;
  PromiscuousMode& operator=(const PromiscuousMode&) = delete;

 private:
  uint16_t port_;
  bool is_ours_ = false;            // promiscuous because of us
  bool is_multicast_ours_ = false;  // every multicast address because of us
};

}  // namespace flowscope
