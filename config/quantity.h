#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace flowscope {

// Numbers as users write them. Each parser takes the whole text and gives nothing when it is not
// such a number or does not fit into 64 bits; each formatter writes what its parser reads back to
// the same value.

// "65536", "64k", "1M", "2G": thousands.
[[nodiscard]] std::optional<uint64_t> parse_count(std::string_view text);
[[nodiscard]] std::string format_count(uint64_t count);

// "65536", "64KiB", "1MiB", "2GiB" and, in thousands, "64k", "1M", "2G".
[[nodiscard]] std::optional<uint64_t> parse_bytes(std::string_view text);
[[nodiscard]] std::string format_bytes(uint64_t bytes);

// "5" (seconds), "5s", "100ms", "10min", "1h"; the value is in nanoseconds.
[[nodiscard]] std::optional<uint64_t> parse_duration_ns(std::string_view text);
[[nodiscard]] std::string format_duration_ns(uint64_t duration_ns);

// Hexadecimal, with or without 0x, as testpmd takes its port mask.
[[nodiscard]] std::optional<uint64_t> parse_mask(std::string_view text);
[[nodiscard]] std::string format_mask(uint64_t mask);

// "true", "yes", "on" and their opposites.
[[nodiscard]] std::optional<bool> parse_flag(std::string_view text);

}  // namespace flowscope
