#pragma once

#include <rte_mbuf.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <span>

#include "flowcore/base/bytes.h"

namespace flowscope {

// The frame of a received mbuf. One of several mbufs is joined in `place` first, up to its end: a
// frame is never half read without its wire length saying so. Lives as long as the mbuf and the
// place. Cost: a copy of the frame where it has several mbufs.
[[nodiscard]] inline Bytes frame_of(const rte_mbuf* mbuf, std::span<uint8_t> place) {
  if (mbuf->nb_segs == 1) return {rte_pktmbuf_mtod(mbuf, const uint8_t*), mbuf->data_len};
  size_t size = 0;
  for (const rte_mbuf* piece = mbuf; piece != nullptr && size < place.size(); piece = piece->next) {
    const size_t fitting = std::min<size_t>(piece->data_len, place.size() - size);
    std::memcpy(place.data() + size, rte_pktmbuf_mtod(piece, const uint8_t*), fitting);
    size += fitting;
  }
  return {place.data(), size};
}

}  // namespace flowscope
