#pragma once

#include <span>

#include "dataplane/app/doctor/finding.h"

namespace flowscope {

// The checks by what they look at, each list in the order in which they are printed. All hold for
// the time of the program.

// Huge pages, their mounts and files, memory for the plan, limits, swap.
[[nodiscard]] std::span<const Check> memory_checks();
// Folders, groups, capabilities, file descriptors.
[[nodiscard]] std::span<const Check> rights_checks();
// IOMMU, VFIO, network devices, their drivers and links.
[[nodiscard]] std::span<const Check> device_checks();
// DPDK and its drivers.
[[nodiscard]] std::span<const Check> dpdk_checks();
// Processor features, lcores, isolation, frequency, clock.
[[nodiscard]] std::span<const Check> cpu_checks();
// The interface of `live`.
[[nodiscard]] std::span<const Check> interface_checks();
// Where records go.
[[nodiscard]] std::span<const Check> output_checks();

}  // namespace flowscope
