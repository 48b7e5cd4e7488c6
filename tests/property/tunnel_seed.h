#pragma once

#include <cstdint>
#include <cstdlib>
#include <random>
#include <vector>

#include "tests/support/nesting.h"

namespace flowscope::testing {

// The seed of a run: the same every time, unless FS_PROPERTY_SEED names another.
inline uint32_t property_seed() {
  const char* text = std::getenv("FS_PROPERTY_SEED");  // NOLINT(concurrency-mt-unsafe): one thread
  return text == nullptr ? 20240611 : static_cast<uint32_t>(std::strtoul(text, nullptr, 10));
}

// Forms that may stand in each other, with an IP header of `ip_version` inside.
inline std::vector<TunnelForm> random_forms(size_t depth, uint8_t ip_version,
                                            std::mt19937& random) {
  const std::vector<TunnelForm>& all = tunnel_forms();
  std::vector<TunnelForm> forms;
  // From the outside in, so that a choice is wrong only for what it stands in.
  while (forms.size() < depth) {
    forms.push_back(all[random() % all.size()]);
    const bool is_last = forms.size() == depth;
    if (!is_legal(forms, 4) && !is_legal(forms, 6)) forms.pop_back();
    if (is_last && !is_legal(forms, ip_version)) forms.pop_back();
  }
  return forms;
}

}  // namespace flowscope::testing
