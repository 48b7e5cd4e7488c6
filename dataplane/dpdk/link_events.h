#pragma once

#include <atomic>
#include <cstdint>
#include <string>

namespace flowscope {

// What a kernel interface is.
enum class InterfaceState : uint8_t { Gone, Down, Up };
// Of the interface with this index, in the network namespace of this process.
[[nodiscard]] InterfaceState interface_state(unsigned interface_index);

// Its flags (IFF_...); none where they cannot be read.
[[nodiscard]] uint32_t interface_flags(unsigned interface_index);

// Link changes and the end of one started port: events of the device where it has them, else what
// is found by looking. A kernel interface below a virtual device (af_packet, tap) is asked itself,
// because those drivers of 22.11 report a link that never changes.
// Thread rule: gone() and link_changes() on any thread, the rest on the control thread. Does not
// move: the device's events point here.
class LinkEvents {
 public:
  // `interface_index`: of the kernel interface below the port, 0 for none.
  LinkEvents(uint16_t port, std::string name, unsigned interface_index);
  ~LinkEvents();
  LinkEvents(const LinkEvents&) = delete;
  LinkEvents& operator=(const LinkEvents&) = delete;

  // Turns true once the device or its interface was removed: it is not to be polled any more.
  // Relaxed on both sides: nothing but the flag is told by it.
  [[nodiscard]] const std::atomic<bool>& gone() const { return gone_; }

  // Whether packets can come. May ask the device.
  [[nodiscard]] bool is_up() const;
  // What changed since the last look, in a line for the user; empty when nothing did.
  [[nodiscard]] std::string look();
  // Changes of the link since the start, those between two looks included where the device tells.
  [[nodiscard]] uint32_t link_changes() const;

 private:
  struct Callbacks;

  uint16_t port_;
  std::string name_;
  unsigned interface_index_;
  bool was_up_;
  bool told_gone_ = false;
  std::atomic<bool> gone_{false};
  std::atomic<uint32_t> changes_seen_{0};  // by looking; relaxed, counts only
  std::atomic<uint32_t> changes_told_{0};  // by the device
};

}  // namespace flowscope
