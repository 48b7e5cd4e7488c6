#pragma once

#include <optional>

#include "config/config.h"
#include "flowcore/base/result.h"
#include "flowcore/extract/with_network.h"
#include "flowcore/packet/decap.h"
#include "flowcore/stream/fragment_overlap.h"
#include "flowcore/stream/overflow_policy.h"
#include "flowcore/stream/segment_overlap.h"
#include "flowcore/track/dedup.h"

namespace flowscope {

// What `decap` and `decap_ports` of the configuration mean; an error names the key, what is wrong
// and what is expected.
[[nodiscard]] Result<Decap> decap_of(const Config& config);

// What `table.key_with` means, with errors of the same form.
[[nodiscard]] Result<NetworkOptions> key_with_of(const Config& config);

// What `dedup` means, without a seed; nothing where it is switched off.
[[nodiscard]] Result<std::optional<Dedup::Options>> dedup_of(const Config& config);

// What `fragments.overlap`, `streams.overlap` and `streams.overflow` mean.
[[nodiscard]] Result<FragmentOverlap> overlap_of(const Config& config);
[[nodiscard]] Result<SegmentOverlap> segment_overlap_of(const Config& config);
[[nodiscard]] Result<OverflowPolicy> overflow_of(const Config& config);

}  // namespace flowscope
