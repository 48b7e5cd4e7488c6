#include <utility>

#include "flowcore/packet/ieee80211.h"
#include "flowcore/packet/read_link.h"

namespace flowscope {
namespace {

Ieee80211FrameControl read_control(ByteReader& reader, Ieee80211Variant variant) {
  Ieee80211FrameControl control = Ieee80211FrameControl::read(reader);
  if (variant == Ieee80211Variant::SwappedControl) std::swap(control.kind, control.flags);
  return control;
}

// Section 9.3.2.2.2: the header of the first packet in an aggregate: addresses and its length.
constexpr size_t kSubframeHeaderBytes = 14;

}  // namespace

uint16_t read_ieee80211(ByteReader& reader, Layers& layers, Ieee80211Variant variant) {
  const size_t start = reader.position();
  const Ieee80211FrameControl control = read_control(reader, variant);
  if (!control.is_data() || control.is_null() || control.is_protected()) return 0;
  const auto header = Ieee80211Header::read(reader, control);
  if (header.fragment != 0) return 0;
  if (variant == Ieee80211Variant::PaddedHeader && (reader.position() - start) % 4 != 0) {
    reader.skip(2);  // all header lengths are even
  }
  if (header.is_aggregate) reader.skip(kSubframeHeaderBytes);
  if (header.may_have_mesh_control) {
    ByteReader mesh_reader = reader;
    if (MeshControl::read(mesh_reader).is_valid()) reader = mesh_reader;
  }
  return read_llc(reader, layers);
}

}  // namespace flowscope
