#pragma once

#include <optional>
#include <string>
#include <vector>

#include "dataplane/app/top_sample.h"

namespace flowscope {

// By what the talkers are sorted, most first.
enum class TalkerOrder : uint8_t { ByteRate, PacketRate, Bytes, Age };

struct PortRates {
  TopPort port;
  double packets = 0;
  double bytes = 0;
  double missed = 0;
};

struct WorkerRates {
  TopWorker worker;
  double packets = 0;
  double records = 0;
  double shed = 0;
  double share = 0;  // of the packets of all workers, 0 to 1
};

struct FlowRates {
  double created = 0;
  double ended = 0;
  double evicted = 0;
  double sessions = 0;
};

struct ProtocolRates {
  TopProtocol protocol;
  double flows = 0;
  double records = 0;
};

struct TalkerRates {
  TopTalker talker;
  double packets = 0;
  double bytes = 0;
  // The flow was not among the talkers before: these are averages of its whole life.
  bool averaged = false;
};

// What is shown: the last sample, and what happened in each second between it and the one before.
struct TopView {
  TopSample sample;
  double period_s = 0;  // between the two samples; 0 after the first one, all rates are 0 then
  std::vector<PortRates> ports;
  std::vector<WorkerRates> workers;
  std::vector<ProtocolRates> protocols;  // most flows a second first, then most flows
  std::vector<TalkerRates> talkers;
  FlowRates flows;
  double received = 0;
  double received_bytes = 0;
  double missed = 0;
  double records = 0;
  double written_bytes = 0;
  double shed = 0;
};

// Makes rates of samples. A counter that went down began anew, so its rate is what it counted
// since; a program that was started again gives rates from its second sample on.
class TopModel {
 public:
  // Requires: a later moment than that of the sample before.
  void add(TopSample sample);
  [[nodiscard]] TopView view(TalkerOrder order) const;

 private:
  [[nodiscard]] std::vector<TalkerRates> talkers(TalkerOrder order, double seconds) const;

  TopSample now_;
  std::optional<TopSample> before_;
};

}  // namespace flowscope
