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
  mark_ports();
}

void Decap::remove(EncapKind kind) {
  kinds_ &= ~(1U << static_cast<uint32_t>(kind));
  uint32_t kept = 0;
  for (size_t i = 0; i < ports_size_; ++i) {
    if (ports_[i].kind != kind) ports_[kept++] = ports_[i];
  }
  ports_size_ = kept;
  mark_ports();
}

void Decap::mark_ports() {
  marks_ = {};
  for (size_t i = 0; i < ports_size_; ++i)
    marks_[mark_word(ports_[i].port)] |= uint64_t{1} << (ports_[i].port & 63);
}

}  // namespace flowscope
