// A program of somebody else's, against the installed tree: flows of a capture, in C++.
#include <flowscope.h>

#include <cstdio>

#include "dataplane/pcap/pcap_flow_source.h"
#include "flowcore/extract/five_tuple.h"
#include "l7/http/http.h"
#include "l7/streams.h"

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  auto source = flowscope::PcapFlowSource::open(argv[1]);
  if (!source.ok()) return 2;
  auto events = source.value().with_extractor(flowscope::FiveTuple::bidirectional());
  int ended = 0;
  for (const flowscope::FlowEvent& event : events) {
    if (kind_of(event) == flowscope::EventKind::Ended) ++ended;
  }
  std::printf("flowscope %s: %d flows\n", fs_version(), ended);
  return ended > 10 && !events.fault() ? 0 : 1;
}
