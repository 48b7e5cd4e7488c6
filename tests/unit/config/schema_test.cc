#include "config/schema.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "config/quantity.h"

namespace flowscope {
namespace {

TEST(ConfigSchema, HasEachKeyOnce) {
  std::set<std::string_view> keys;
  for (const Setting& setting : all_settings()) {
    EXPECT_TRUE(keys.insert(setting.key).second) << setting.key;
    EXPECT_FALSE(is_group(setting.key)) << setting.key << " is a key and a group";
    EXPECT_EQ(find_setting(setting.key), &setting);
  }
}

TEST(ConfigSchema, GivesEachKeyAPlaceOfItsOwn) {
  Config config;
  std::set<const void*> places;
  for (const Setting& setting : all_settings()) {
    const void* place =
        std::visit([&](auto field) -> const void* { return &field(config); }, setting.field);
    EXPECT_TRUE(places.insert(place).second) << setting.key << " shares its place with another key";
  }
}

TEST(ConfigSchema, ExplainsEachKeyInASentence) {
  for (const Setting& setting : all_settings()) {
    EXPECT_TRUE(setting.help.ends_with('.')) << setting.key;
    EXPECT_EQ(setting.help.find('|'), std::string_view::npos)
        << setting.key << " would break the table";
  }
}

TEST(ConfigSchema, HasDefaultsWithinTheirLimits) {
  for (const Setting& setting : all_settings()) {
    if (setting.is_list()) continue;
    Config config;
    std::string text = text_of(setting, config);
    if (text.starts_with('"')) text = text.substr(1, text.size() - 2);
    const Result<void> assigned = assign(setting, text, config);
    EXPECT_TRUE(assigned.ok()) << setting.key << ": " << assigned.error().message;
  }
}

TEST(ConfigSchema, RefusesNumbersBeyondTheirLimitsForEachKey) {
  for (const Setting& setting : all_settings()) {
    if (setting.max == 0 || setting.max == UINT64_MAX) continue;
    Config config;
    EXPECT_TRUE(assign(setting, "18446744073709551615", config).ok() == false) << setting.key;
    const bool is_time = setting.kind == SettingKind::Duration;
    const auto as_text = [&](uint64_t value) {
      return is_time ? std::to_string(value / kMicrosecondNs) + "us" : std::to_string(value);
    };
    const uint64_t step = is_time ? kMicrosecondNs : 1;
    EXPECT_TRUE(assign(setting, as_text(setting.max), config).ok()) << setting.key;
    EXPECT_FALSE(assign(setting, as_text(setting.max + step), config).ok()) << setting.key;
    EXPECT_TRUE(assign(setting, as_text(setting.min), config).ok()) << setting.key;
    if (setting.min == 0) continue;
    EXPECT_FALSE(assign(setting, as_text(setting.min - step), config).ok()) << setting.key;
  }
}

TEST(ConfigSchema, FindsTheNearestKey) {
  EXPECT_EQ(nearest_key("wokers"), "workers");
  EXPECT_EQ(nearest_key("timeout.udp"), "timeouts.udp");
  EXPECT_EQ(nearest_key("rxq"), "dpdk.rxq");
  EXPECT_EQ(nearest_key("output.record"), "output.records");
  EXPECT_EQ(nearest_key("quite something else"), "");
  EXPECT_EQ(nearest_key(std::string(100'000, 'w')), "");
}

}  // namespace
}  // namespace flowscope
