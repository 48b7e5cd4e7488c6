#include "config/quantity.h"

#include <array>
#include <charconv>
#include <span>

#include "config/config.h"

namespace flowscope {

namespace {

struct Suffix {
  std::string_view text;
  uint64_t factor;
};

// The largest first: formatting takes the first that divides the value.
constexpr std::array kThousands =
    std::to_array<Suffix>({{"G", 1'000'000'000}, {"M", 1'000'000}, {"k", 1'000}});
constexpr std::array kSizes = std::to_array<Suffix>({{"GiB", kGiB}, {"MiB", kMiB}, {"KiB", kKiB}});
constexpr std::array kTimes = std::to_array<Suffix>({{"h", 3600 * kSecondNs},
                                                     {"min", 60 * kSecondNs},
                                                     {"s", kSecondNs},
                                                     {"ms", kMillisecondNs},
                                                     {"us", kMicrosecondNs}});

std::optional<uint64_t> parse_digits(std::string_view text, int base, std::string_view& rest) {
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc{}) return std::nullopt;
  rest = text.substr(static_cast<size_t>(end - text.data()));
  return value;
}

std::optional<uint64_t> factor_of(std::string_view suffix, std::span<const Suffix> known) {
  for (const Suffix& each : known) {
    if (each.text == suffix) return each.factor;
  }
  return std::nullopt;
}

std::optional<uint64_t> multiply(uint64_t value, std::optional<uint64_t> factor) {
  uint64_t product = 0;
  if (!factor || __builtin_mul_overflow(value, *factor, &product)) return std::nullopt;
  return product;
}

// The value in its largest whole unit; in `smallest` when no unit divides it.
std::string format_in(uint64_t value, std::span<const Suffix> units, std::string_view smallest) {
  for (const Suffix& unit : units) {
    if (value != 0 && value % unit.factor == 0) {
      return std::to_string(value / unit.factor).append(unit.text);
    }
  }
  return std::to_string(value).append(smallest);
}

}  // namespace

std::optional<uint64_t> parse_count(std::string_view text) {
  std::string_view rest;
  const std::optional<uint64_t> digits = parse_digits(text, 10, rest);
  if (!digits || rest.empty()) return digits;
  return multiply(*digits, factor_of(rest, kThousands));
}

std::string format_count(uint64_t count) { return std::to_string(count); }

std::optional<uint64_t> parse_bytes(std::string_view text) {
  std::string_view rest;
  const std::optional<uint64_t> digits = parse_digits(text, 10, rest);
  if (!digits || rest.empty()) return digits;
  const std::optional<uint64_t> binary = factor_of(rest, kSizes);
  return multiply(*digits, binary ? binary : factor_of(rest, kThousands));
}

std::string format_bytes(uint64_t bytes) { return format_in(bytes, kSizes, ""); }

std::optional<uint64_t> parse_duration_ns(std::string_view text) {
  std::string_view rest;
  const std::optional<uint64_t> digits = parse_digits(text, 10, rest);
  if (!digits) return std::nullopt;
  return multiply(*digits, rest.empty() ? kSecondNs : factor_of(rest, kTimes));
}

// No minutes and hours: "300s" is read more easily beside "30s" than "5min".
std::string format_duration_ns(uint64_t duration_ns) {
  if (duration_ns % kSecondNs == 0) return std::to_string(duration_ns / kSecondNs) + "s";
  if (duration_ns % kMillisecondNs == 0) {
    return std::to_string(duration_ns / kMillisecondNs) + "ms";
  }
  return std::to_string(duration_ns / kMicrosecondNs) + "us";
}

std::optional<uint64_t> parse_mask(std::string_view text) {
  if (text.starts_with("0x") || text.starts_with("0X")) text.remove_prefix(2);
  std::string_view rest;
  const std::optional<uint64_t> mask = parse_digits(text, 16, rest);
  return rest.empty() ? mask : std::nullopt;
}

std::string format_mask(uint64_t mask) {
  std::array<char, 16> digits;
  char* const end = std::to_chars(digits.data(), digits.data() + digits.size(), mask, 16).ptr;
  return "0x" + std::string(digits.data(), end);
}

std::optional<bool> parse_flag(std::string_view text) {
  for (const std::string_view yes : {"true", "yes", "on"}) {
    if (text == yes) return true;
  }
  for (const std::string_view no : {"false", "no", "off"}) {
    if (text == no) return false;
  }
  return std::nullopt;
}

}  // namespace flowscope
