#pragma once

#include "flowcore/base/byte_reader.h"
#include "flowcore/packet/link_type.h"

namespace flowscope {

// Whether frames of the link type begin with a header that has a whole frame of another link type
// behind it.
[[nodiscard]] constexpr bool is_carrier(LinkType link) {
  return link >= LinkType::Prism && link < LinkType::Unknown;
}

// Steps over that header and gives the link type of the frame behind it; Unknown when there is
// none, or none that we read. Fails with the reader when the frame ends before.
// Requires: is_carrier(link).
[[nodiscard]] LinkType read_carrier(LinkType link, ByteReader& reader);

}  // namespace flowscope
