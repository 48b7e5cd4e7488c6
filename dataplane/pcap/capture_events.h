#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <utility>
#include <vector>

#include "dataplane/pcap/capture_bursts.h"
#include "flowcore/packet/packet_view.h"

namespace flowscope {

// What can be kept as a value of `Event`.
template <class T, class Event>
concept KeptAs = std::constructible_from<Event, const T&>;

// Keeps what a driver tells, as values of `Event`: the sink that CaptureEvents gives to its driver.
template <class Event>
class EventKeeper {
 public:
  explicit EventKeeper(std::vector<Event>& events) : events_(events) {}
  template <KeptAs<Event> T>
  void operator()(const T& event) {
    events_.emplace_back(event);
  }

 private:
  std::vector<Event>& events_;
};

// What makes events of packets and hands them to a sink: a FlowTracker, or whatever else takes
// packets one by one and, at the end, tells of what is left. A driver that takes whole bursts as
// well (track_burst(Burst&, sink), like FlowTracker) is given those.
template <class D, class Event>
concept CaptureDriver = requires(D& driver, const PacketView& packet, EventKeeper<Event>& sink) {
  driver.track(packet, sink);
  driver.finish(sink);
};

// What a driver makes of a capture, as a C++20 input range, to be gone through once; when the file
// is over the driver is told to finish, so that every flow ends:
//
//   auto events = PcapFlowSource::open(path).value().with_extractor(FiveTuple::bidirectional());
//   for (const FlowEvent& event : events) { ... }
//   if (events.fault()) complain(events.fault()->message);
//
// `Event` is a value that may outlive the driver's call: what the driver tells (FlowEvent is such),
// or a type that can be made of it and copies what it borrows. An event is good until the loop goes
// on to the next one. The driver works a burst ahead: what it says of its flows during the loop is
// as after the burst; CaptureOptions::packets_max = 1 keeps it in step.
// Thread rule: one thread. Lifetime: movable before begin(). Cost: CaptureReader's and the
// driver's, and a copy of each event: in instructions a fifth more than a FlowTracker driven by
// hand where all events are wanted, a tenth where only ends are (bench_source). The room for a
// burst's events is kept and used again.
template <class Event, CaptureDriver<Event> Driver>
class CaptureEvents {
 public:
  CaptureEvents(CaptureBursts bursts, Driver driver)
      : bursts_(std::move(bursts)), driver_(std::move(driver)) {}
  // No events, for the reason given.
  explicit CaptureEvents(Error fault) : bursts_(std::move(fault)) {}

  class Iterator {
   public:
    using value_type = Event;
    using difference_type = std::ptrdiff_t;

    Iterator() = default;
    const Event& operator*() const { return range_->events_[range_->index_]; }
    const Event* operator->() const { return &**this; }
    Iterator& operator++() {
      ++range_->index_;
      range_->fill();
      return *this;
    }
    void operator++(int) { ++*this; }
    friend bool operator==(const Iterator& at, std::default_sentinel_t) { return at.is_over(); }

   private:
    friend class CaptureEvents;
    explicit Iterator(CaptureEvents& range) : range_(&range) {}
    [[nodiscard]] bool is_over() const { return range_->index_ == range_->events_.size(); }
    CaptureEvents* range_ = nullptr;
  };

  // Reads up to the first event. A second call goes on where the first loop was left.
  Iterator begin() {
    fill();
    return Iterator(*this);
  }
  [[nodiscard]] static std::default_sentinel_t end() { return {}; }

  // Once the loop is over: why it was before the capture's proper end. All events of the packets
  // before the fault have been given, and every flow has ended.
  [[nodiscard]] const std::optional<Error>& fault() const { return bursts_.fault(); }
  [[nodiscard]] uint64_t packets_read() const { return bursts_.packets_read(); }
  [[nodiscard]] uint64_t bytes_read() const { return bursts_.bytes_read(); }

  // The driver, for its counters and flows; null where it could not be made, as fault() tells.
  [[nodiscard]] const Driver* driver() const { return driver_ ? &*driver_ : nullptr; }

 private:
  // Reads on until there is an event to show or the capture and the driver are done.
  void fill() {
    while (index_ == events_.size() && !finished_) {
      events_.clear();
      index_ = 0;
      Burst* const burst = bursts_.next();
      finished_ = burst == nullptr;
      EventKeeper<Event> keeper(events_);
      if (!driver_) return;
      if (finished_) {
        driver_->finish(keeper);
      } else {
        track(*burst, keeper);
      }
    }
  }
  void track(Burst& burst, EventKeeper<Event>& keeper) {
    if constexpr (requires { driver_->track_burst(burst, keeper); }) {
      driver_->track_burst(burst, keeper);
    } else {
      for (uint32_t i = 0; i < burst.count; ++i) driver_->track(burst.packet[i], keeper);
    }
  }

  CaptureBursts bursts_;
  std::optional<Driver> driver_;
  std::vector<Event> events_;  // of one burst
  size_t index_ = 0;           // the event being shown
  bool finished_ = false;
};

}  // namespace flowscope
