#include "l7/signatures/signature_scan.h"

namespace flowscope {

SignatureScan::Place* SignatureScan::place_of(Handle& handle) {
  if (handle == kNone) {
    const Slab<Place>::Handle made = places_.make(generation_);
    if (made == Slab<Place>::kNone) {
      counters_.flows_refused.add(1);
      return nullptr;
    }
    handle = made;
  }
  if (handle == kOff) return nullptr;
  Place& place = places_.get(handle);
  if (place.generation != generation_) [[unlikely]] {
    // What it holds was the former seat's; what was told stays told.
    place.generation = generation_;
    place.pendings = 0;
    for (ScannedSide& side : place.sides) side.stream = StreamPool::kNone;
  }
  return &place;
}

void SignatureScan::on_gap(Handle handle, FlowSide side) {
  if (handle == kNone || handle == kOff) return;
  Place& place = places_.get(handle);
  ScannedSide& scanned = place.sides[index_of(side)];
  if (place.generation != generation_ || scanned.stream == StreamPool::kNone) return;
  // The next bytes open one that begins where they do.
  seat_->streams.give_back(scanned.stream);
  scanned.stream = StreamPool::kNone;
}

void SignatureScan::close(Handle& handle) {
  if (handle != kNone && handle != kOff) {
    Place& place = places_.get(handle);
    if (place.generation == generation_) {
      counters_.matches_dropped.add(place.pendings);
      for (ScannedSide& side : place.sides) {
        if (side.stream != StreamPool::kNone) seat_->streams.give_back(side.stream);
      }
    }
    places_.destroy(handle);
  }
  handle = kOff;
}

bool SignatureScan::was_told(const ScannedSide& side, uint32_t sid) {
  const auto sids = std::span(side.alerted_sids).first(side.alerts);
  return std::find(sids.begin(), sids.end(), sid) != sids.end();
}

}  // namespace flowscope
