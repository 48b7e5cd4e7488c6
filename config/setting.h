#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "config/config.h"
#include "flowcore/base/result.h"

namespace flowscope {

// How the value of a setting is written.
enum class SettingKind : uint8_t {
  Count,      // whole number, k/M/G
  Bytes,      // size, KiB/MiB/GiB
  Duration,   // time, ms/s/min/h
  Flag,       // true or false
  Mask,       // hexadecimal bits
  Seed,       // whole number, or "random" for none
  Rss,        // "ip" or "udp"
  Checksums,  // "off", "count" or "drop"
  Counters,   // "basic" or "full"
  Text,       // any text but none
  Names,      // list of at least one; on the command line separated by commas
  Items,      // the same, may be empty
  Arguments,  // list; on the command line separated by spaces
};

// When a value that was changed in the file is taken.
enum class Taken : uint8_t {
  AtStart,          // by the next start
  OnReload,         // on SIGHUP, while packets go on
  OnReloadWhileOn,  // the same, but leaving or taking its default, which is off, needs a start
};

// Finds the place of one value in a Config.
template <class T>
using FieldOf = T& (*)(Config&);
using Field =
    std::variant<FieldOf<uint32_t>, FieldOf<uint64_t>, FieldOf<bool>, FieldOf<RssFields>,
                 FieldOf<ChecksumUse>, FieldOf<CounterUse>, FieldOf<std::optional<uint64_t>>,
                 FieldOf<std::string>, FieldOf<std::vector<std::string>>>;

// One thing a user can set: the single place for its name, form, limits and meaning.
struct Setting {
  std::string_view key;  // path in the YAML file, joined with dots
  SettingKind kind;
  Field field;
  uint64_t min = 0;  // of numbers, in the unit of the field
  uint64_t max = 0;
  std::string_view help;
  Taken taken = Taken::AtStart;

  [[nodiscard]] bool is_list() const {
    return kind == SettingKind::Names || kind == SettingKind::Items
           || kind == SettingKind::Arguments;
  }
};

// Reads `text` in the setting's form, checks its limits and stores it. On failure `config` is
// unchanged and the message says "REASON; expected FORM". Lists are split at their separator first.
Result<void> assign(const Setting& setting, std::string_view text, Config& config);
// The same for a list that is split already. Requires: setting.is_list().
Result<void> assign_list(const Setting& setting, std::vector<std::string> items, Config& config);

// The value as YAML; assign() or the YAML loader reads it back to the same value.
[[nodiscard]] std::string text_of(const Setting& setting, Config& config);

// Gives `to` the value that `from` has.
void copy_value(const Setting& setting, Config& from, Config& to);

// The form and the limits in words: "a whole number from 1 to 256".
[[nodiscard]] std::string expected_form(const Setting& setting);

}  // namespace flowscope
