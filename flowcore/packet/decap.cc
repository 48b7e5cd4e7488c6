#include "flowcore/packet/decap.h"

namespace flowscope {

Decap Decap::all() {
  Decap decap;
  for (size_t kind = 1; kind < kEncapKinds; ++kind) decap.add(static_cast<EncapKind>(kind));
  return decap;
}

Decap Decap::of(std::initializer_list<EncapKind> kinds) {
  Decap decap;
  for (const EncapKind kind : kinds) decap.add(kind);
  return decap;
}

void Decap::add(EncapKind kind) {
  FS_CHECK(kind != EncapKind::None);
  kinds_ |= 1U << static_cast<uint32_t>(kind);
  for (const Port& usual : kUsualPorts) {
    if (usual.kind == kind) add_port(kind, usual.port);
  }
}

void Decap::add_port(EncapKind kind, uint16_t udp_port) {
  FS_CHECK(kind != EncapKind::None);
  kinds_ |= 1U << static_cast<uint32_t>(kind);
  for (size_t i = 0; i < ports_size_; ++i) {
    // The later word counts: a port carries one kind.
    if (ports_[i].port == udp_port) {
      ports_[i].kind = kind;
      return;
    }
  }
  FS_CHECK(ports_size_ < kPortsMax);
  ports_[ports_size_++] = {.kind = kind, .port = udp_port};
  index_ports();
}

void Decap::remove(EncapKind kind) {
  kinds_ &= ~(1U << static_cast<uint32_t>(kind));
  uint32_t kept = 0;
  for (size_t i = 0; i < ports_size_; ++i) {
    if (ports_[i].kind != kind) ports_[kept++] = ports_[i];
  }
  ports_size_ = kept;
  index_ports();
}

EncapKind Decap::search_port(uint16_t udp_port) const {
  for (size_t i = 0; i < ports_size_; ++i) {
    if (ports_[i].port == udp_port) return ports_[i].kind;
  }
  return EncapKind::None;
}

void Decap::index_ports() {
  marks_ = {};
  places_ = no_places();
  for (size_t i = 0; i < ports_size_; ++i) {
    const uint16_t port = ports_[i].port;
    marks_[mark_word(port)] |= uint64_t{1} << (port & 63);
    uint8_t& place = places_[port & kPlaceMask];
    place = place == kNoPlace ? static_cast<uint8_t>(i) : kSharedPlace;
  }
}

}  // namespace flowscope
