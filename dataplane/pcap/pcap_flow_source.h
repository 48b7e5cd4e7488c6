#pragma once

#include <string>
#include <utility>

#include "dataplane/pcap/capture_events.h"
#include "dataplane/pcap/capture_packets.h"
#include "flowcore/base/check.h"
#include "flowcore/base/result.h"
#include "flowcore/track/flow_event.h"
#include "flowcore/track/flow_tracker.h"
#include "l7/driver.h"
#include "l7/owned_session_event.h"

namespace flowscope {

// A capture file, pcap or pcapng of any link type, as a range of packets or of what a tracker or a
// parser says of them:
//
//   auto source = PcapFlowSource::open("traffic.pcap");
//   if (!source.ok()) return complain(source.error().message);
//   auto events = source.value().with_extractor(FiveTuple::bidirectional());
//   for (const FlowEvent& event : events) { ... }
//   if (events.fault()) complain(events.fault()->message);
//
// The capture can be gone through once: each call that gives a range takes it away from the source,
// and the range owns it.
// Thread rule: one thread. Cost: see CaptureReader.
class PcapFlowSource {
 public:
  // Where none are given: FlowTracker's own, and flows end as soon as they are idle for their
  // time-out, so that a long capture does not fill the table with what is over.
  static constexpr FlowTrackerOptions kTrackerOptions{.auto_sweep =
                                                          FlowTrackerOptions::AutoSweep::On};

  // Opens a file, a named pipe or, for "-", standard input. The error names the file and says what
  // is wrong with it; what shows only further on is the fault() of the range.
  static Result<PcapFlowSource> open(const std::string& path, const CaptureOptions& options = {}) {
    Result<CaptureReader> reader = CaptureReader::open(path);
    if (!reader.ok()) return reader.error();
    return PcapFlowSource(CaptureBursts(std::move(reader.value()), options));
  }
  // Reads from elsewhere, e.g. from memory; `name` is what messages call it.
  static PcapFlowSource over(ByteSource source, std::string name,
                             const CaptureOptions& options = {}) {
    return PcapFlowSource(
        CaptureBursts(CaptureReader::over(std::move(source), std::move(name), {}), options));
  }

  // The packets as they are in the capture. Requires: nothing has taken the capture yet.
  [[nodiscard]] CapturePackets packets() { return CapturePackets(take()); }

  // What any driver makes of the packets; see CaptureDriver. Requires: as packets().
  template <class Event, CaptureDriver<Event> Driver>
  [[nodiscard]] CaptureEvents<Event, Driver> events(Driver driver) {
    return {take(), std::move(driver)};
  }

  // The events of a FlowTracker. Where the options are none that a tracker can be made with, the
  // range is empty and its fault() says why. Requires: as packets().
  template <FlowExtractor E>
  [[nodiscard]] CaptureEvents<FlowEvent, FlowTracker<E>> with_extractor(
      E extractor, const FlowTrackerOptions& options = kTrackerOptions) {
    return driven_by<FlowEvent, FlowTracker<E>>(std::move(extractor), options);
  }

  // What a parser P finds in the TCP flows of the capture, as events that may be kept; sessions are
  // told of from start to end:
  //
  //   for (const OwnedSessionEvent<>& event :
  //        source.sessions<http::HttpParser>(FiveTuple::bidirectional())) { ... }
  //
  // Messages are kept as OwnedMessage or, where the parser is one of yours, as any type that can be
  // made of them: sessions<MyParser, MyMessage>(...). For several parsers make a Driver and give it
  // to events<OwnedSessionEvent<>>(). Requires, and options that are wrong: as with_extractor().
  template <DriverStreamParser P, class Message = OwnedMessage, FlowExtractor E>
  [[nodiscard]] CaptureEvents<OwnedSessionEvent<Message>, FlowSessionDriver<E, P>> sessions(
      E extractor,
      const typename FlowSessionDriver<E, P>::Options& options = {.tracker = kTrackerOptions}) {
    return driven_by<OwnedSessionEvent<Message>, FlowSessionDriver<E, P>>(std::move(extractor),
                                                                          options);
  }
  // The same for UDP.
  template <DriverDatagramParser P, class Message = OwnedMessage, FlowExtractor E>
  [[nodiscard]] CaptureEvents<OwnedSessionEvent<Message>, FlowDatagramDriver<E, P>> datagrams(
      E extractor,
      const typename FlowDatagramDriver<E, P>::Options& options = {.tracker = kTrackerOptions}) {
    return driven_by<OwnedSessionEvent<Message>, FlowDatagramDriver<E, P>>(std::move(extractor),
                                                                           options);
  }

 private:
  explicit PcapFlowSource(CaptureBursts bursts) : bursts_(std::move(bursts)) {}
  template <class Event, class Driver, FlowExtractor E>
  CaptureEvents<Event, Driver> driven_by(E extractor, const typename Driver::Options& options) {
    Result<Driver> driver = Driver::create(options, std::move(extractor));
    if (!driver.ok()) return CaptureEvents<Event, Driver>(driver.error());
    return {take(), std::move(driver.value())};
  }
  CaptureBursts take() {
    FS_CHECK(!taken_);
    taken_ = true;
    return std::move(bursts_);
  }

  CaptureBursts bursts_;
  bool taken_ = false;
};

}  // namespace flowscope
