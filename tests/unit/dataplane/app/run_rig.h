#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "dataplane/app/figures.h"
#include "dataplane/app/flows_view.h"
#include "dataplane/pipeline/pipeline.h"
#include "tests/support/tracked_frames.h"

namespace flowscope::testing {

// What a run is made of, without ports and threads: two workers, an exporter that writes nowhere,
// and the figures of them.
class RunRig {
 public:
  static constexpr uint64_t kStart_ns = 1'000'000'000'000;

  RunRig() {
    for (uint32_t i = 0; i < 2; ++i) {
      PipelineOptions options;
      options.tracker.flows_max = 1024;
      options.streams = {.datagrams_max = 256, .streams_max = 256, .buffers_bytes = 1 << 20};
      options.ring_bytes = RecordRing::kBytesMin;
      auto pipeline = Pipeline::create(options, Arena::Populate::Lazily);
      FS_CHECK(pipeline.ok());
      pipelines_.push_back(std::move(pipeline.value()));
    }
    auto output = Output::open({.destination = "/dev/null"});
    FS_CHECK(output.ok());
    exporter_ = std::make_unique<Exporter>(std::move(output.value()), EveOptions{});
    for (const auto& pipeline : pipelines_) exporter_->add_ring(pipeline->ring());
    exporter_->start();
    stage_cycles_ = std::make_unique<StageCycles>(pipelines_);
    figures_ = std::make_unique<Figures>(Figures::Sources{.pipelines = pipelines_,
                                                          .exporter = *exporter_,
                                                          .stage_cycles = stage_cycles_.get(),
                                                          .loads = &loads});
    flows_view_ = std::make_unique<FlowsView>(pipelines_);
    figures_->begin([this] { return std::vector<PortLine>{port}; });
  }

  // The worker takes the frames in one burst, a millisecond apart, from `after_ms` on.
  void take(size_t worker, const std::vector<Frame>& frames, uint64_t after_ms = 0) {
    auto burst = std::make_unique<Burst>();
    for (const Frame& frame : frames) {
      const uint64_t time_ns = kStart_ns + (after_ms + burst->count) * 1'000'000;
      burst->packet[burst->count++] = {.frame = {frame.data(), frame.size()},
                                       .time = {time_ns},
                                       .wire_bytes = static_cast<uint32_t>(frame.size())};
    }
    pipelines_.at(worker)->run(*burst);
  }
  // Every flow ends, and every record is written.
  void finish() {
    for (const auto& pipeline : pipelines_) pipeline->finish();
    exporter_->stop();
  }

  [[nodiscard]] Figures& figures() { return *figures_; }
  [[nodiscard]] FlowsView& flows_view() { return *flows_view_; }
  [[nodiscard]] StageCycles& stage_cycles() { return *stage_cycles_; }
  [[nodiscard]] Pipeline& pipeline(size_t worker) { return *pipelines_.at(worker); }

  PortLine port{
      .name = "net_test0 (net_test)", .packets = 7, .bytes = 700, .missed = 3, .no_mbuf = 2};
  LoadFigures loads{2};

 private:
  std::vector<std::unique_ptr<Pipeline>> pipelines_;
  std::unique_ptr<Exporter> exporter_;
  std::unique_ptr<StageCycles> stage_cycles_;
  std::unique_ptr<Figures> figures_;
  std::unique_ptr<FlowsView> flows_view_;
};

// A DNS query for example.com.
inline Frame dns_query(uint16_t port) {
  using namespace std::string_view_literals;
  return PacketBuilder()
      .ethernet()
      .ipv4("10.0.0.1", "10.0.0.2")
      .udp(port, 53)
      .payload(
          "\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x07"
          "example\x03"
          "com\x00\x00\x01\x00\x01"sv)
      .build();
}

}  // namespace flowscope::testing
