#include "config/setting.h"

#include <algorithm>
#include <utility>

#include "config/quantity.h"

namespace flowscope {

namespace {

constexpr size_t kListItemsMax = 64;
constexpr size_t kTextBytesMax = 4'096;

Error refused(const Setting& setting, const std::string& reason) {
  return Error{reason + "; expected " + expected_form(setting)};
}

std::string quoted(std::string_view text) {
  constexpr size_t kShownMax = 60;
  std::string shown(text.substr(0, kShownMax));
  for (char& c : shown) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
  }
  return '"' + shown + (text.size() > kShownMax ? "...\"" : "\"");
}

std::optional<uint64_t> parse_number(SettingKind kind, std::string_view text) {
  if (kind == SettingKind::Bytes) return parse_bytes(text);
  if (kind == SettingKind::Duration) return parse_duration_ns(text);
  if (kind == SettingKind::Mask) return parse_mask(text);
  return parse_count(text);
}

std::string format_number(SettingKind kind, uint64_t value) {
  if (kind == SettingKind::Bytes) return format_bytes(value);
  if (kind == SettingKind::Duration) return format_duration_ns(value);
  if (kind == SettingKind::Mask) return format_mask(value);
  return format_count(value);
}

std::string_view name_of(ChecksumUse use) {
  switch (use) {
    case ChecksumUse::Off:
      return "off";
    case ChecksumUse::Count:
      return "count";
    case ChecksumUse::Drop:
      return "drop";
  }
  return {};
}

// What keeps a text from being stored and written back, or nothing.
std::string_view text_fault(std::string_view text) {
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  if (text.empty()) return "is empty";
  if (text.size() > kTextBytesMax) return "is too long";
  return std::any_of(text.begin(), text.end(), is_control) ? "has a control character" : "";
}

template <class Number>
Result<void> store_number(const Setting& setting, std::string_view text, Number& field) {
  const std::optional<uint64_t> value = parse_number(setting.kind, text);
  if (!value) return refused(setting, quoted(text) + " cannot be read");
  if (*value < setting.min) return refused(setting, quoted(text) + " is too small");
  if (*value > setting.max) return refused(setting, quoted(text) + " is too large");
  field = static_cast<Number>(*value);
  return {};
}

Result<void> store(const Setting& setting, std::string_view text, uint32_t& field) {
  return store_number(setting, text, field);
}

Result<void> store(const Setting& setting, std::string_view text, uint64_t& field) {
  return store_number(setting, text, field);
}

Result<void> store(const Setting& setting, std::string_view text, bool& field) {
  const std::optional<bool> flag = parse_flag(text);
  if (!flag) return refused(setting, quoted(text) + " cannot be read");
  field = *flag;
  return {};
}

Result<void> store(const Setting& setting, std::string_view text, RssFields& field) {
  if (text != "ip" && text != "udp") return refused(setting, quoted(text) + " is not known");
  field = text == "ip" ? RssFields::Ip : RssFields::Udp;
  return {};
}

Result<void> store(const Setting& setting, std::string_view text, ChecksumUse& field) {
  for (const auto use : {ChecksumUse::Off, ChecksumUse::Count, ChecksumUse::Drop}) {
    if (text != name_of(use)) continue;
    field = use;
    return {};
  }
  return refused(setting, quoted(text) + " is not known");
}

Result<void> store(const Setting& setting, std::string_view text, CounterUse& field) {
  if (text != "basic" && text != "full") return refused(setting, quoted(text) + " is not known");
  field = text == "basic" ? CounterUse::Basic : CounterUse::Full;
  return {};
}

Result<void> store(const Setting& setting, std::string_view text, std::optional<uint64_t>& field) {
  if (text == "random") {
    field.reset();
    return {};
  }
  uint64_t value = 0;
  Result<void> stored = store_number(setting, text, value);
  if (stored.ok()) field = value;
  return stored;
}

Result<void> store(const Setting& setting, std::string_view text, std::string& field) {
  const std::string_view fault = text_fault(text);
  if (!fault.empty()) return refused(setting, quoted(text).append(" ").append(fault));
  field = text;
  return {};
}

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> items;
  while (!text.empty()) {
    const std::string_view item = text.substr(0, text.find(separator));
    if (!item.empty()) items.emplace_back(item);
    text.remove_prefix(std::min(text.size(), item.size() + 1));
  }
  return items;
}

Result<void> store_items(const Setting& setting, std::vector<std::string> items,
                         std::vector<std::string>& field) {
  if (items.size() > kListItemsMax) return refused(setting, "it has too many items");
  const bool is_set = setting.kind != SettingKind::Arguments;
  if (setting.kind == SettingKind::Names && items.empty()) return refused(setting, "it is empty");
  for (const std::string& item : items) {
    const std::string_view fault = text_fault(item);
    if (!fault.empty()) return refused(setting, quoted(item).append(" ").append(fault));
    if (is_set && std::count(items.begin(), items.end(), item) > 1) {
      return refused(setting, quoted(item) + " is there twice");
    }
  }
  field = std::move(items);
  return {};
}

Result<void> store(const Setting& setting, std::string_view text, std::vector<std::string>& field) {
  return store_items(setting, split(text, setting.kind == SettingKind::Arguments ? ' ' : ','),
                     field);
}

// A YAML scalar in double quotes: plain ones could be read as something else ("-", "null").
std::string yaml_quoted(std::string_view text) {
  std::string quoted_text = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted_text += '\\';
    quoted_text += c;
  }
  return quoted_text + '"';
}

std::string format(const Setting& setting, uint64_t value) {
  return format_number(setting.kind, value);
}
std::string format(const Setting& setting, uint32_t value) {
  return format_number(setting.kind, value);
}
std::string format(const Setting&, bool value) { return value ? "true" : "false"; }
std::string format(const Setting&, RssFields value) {
  return value == RssFields::Ip ? "ip" : "udp";
}
std::string format(const Setting&, CounterUse value) {
  return value == CounterUse::Basic ? "basic" : "full";
}
std::string format(const Setting&, ChecksumUse value) { return std::string(name_of(value)); }
std::string format(const Setting& setting, const std::optional<uint64_t>& value) {
  return value ? format_number(setting.kind, *value) : "random";
}
std::string format(const Setting&, const std::string& value) { return yaml_quoted(value); }
std::string format(const Setting&, const std::vector<std::string>& items) {
  std::string list = "[";
  for (const std::string& item : items) {
    list += (list.size() > 1 ? ", " : "") + yaml_quoted(item);
  }
  return list + "]";
}

std::string range_text(const Setting& setting) {
  return "from " + format_number(setting.kind, setting.min) + " to "
         + format_number(setting.kind, setting.max);
}

}  // namespace

Result<void> assign(const Setting& setting, std::string_view text, Config& config) {
  return std::visit([&](auto field) { return store(setting, text, field(config)); }, setting.field);
}

Result<void> assign_list(const Setting& setting, std::vector<std::string> items, Config& config) {
  const auto* const field = std::get_if<FieldOf<std::vector<std::string>>>(&setting.field);
  FS_CHECK(field != nullptr);
  return store_items(setting, std::move(items), (*field)(config));
}

std::string text_of(const Setting& setting, Config& config) {
  return std::visit([&](auto field) { return format(setting, field(config)); }, setting.field);
}

void copy_value(const Setting& setting, Config& from, Config& to) {
  std::visit([&](auto field) { field(to) = field(from); }, setting.field);
}

std::string expected_form(const Setting& setting) {
  switch (setting.kind) {
    case SettingKind::Count:
      return "a whole number " + range_text(setting);
    case SettingKind::Bytes:
      return "a size " + range_text(setting) + ", such as 512KiB or 64MiB";
    case SettingKind::Duration:
      return "a time " + range_text(setting) + ", such as 30s or 100ms";
    case SettingKind::Flag:
      return "true or false";
    case SettingKind::Mask:
      return "a hexadecimal mask, such as 0x3";
    case SettingKind::Seed:
      return "a whole number, or random";
    case SettingKind::Rss:
      return "ip or udp";
    case SettingKind::Checksums:
      return "off, count or drop";
    case SettingKind::Counters:
      return "basic or full";
    case SettingKind::Text:
      return "a text";
    case SettingKind::Names:
      return "a list of names, such as [http, tls]";
    case SettingKind::Items:
      return "a list, such as [a, b] or []";
    case SettingKind::Arguments:
      return "a list of arguments, such as [\"-l\", \"0-2\"]";
  }
  return {};
}

}  // namespace flowscope
