#include "config/load.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>

#include "config/print.h"
#include "config/validate.h"

namespace flowscope {
namespace {

// The message with which the text is refused; empty when it is taken.
std::string refusal(const std::string& text) {
  Config config;
  const std::string before = config_as_yaml(config);
  const Result<void> loaded = load_yaml_text("f.yaml", text, config);
  if (loaded.ok()) return "";
  EXPECT_EQ(config_as_yaml(config), before) << "a refused file changes nothing";
  return loaded.error().message;
}

std::string refusal_of(const char* key, const char* text) {
  Config config;
  const Result<void> applied = apply_option(key, text, config);
  return applied.ok() ? "" : applied.error().message;
}

TEST(ConfigLoad, SetsWhatIsThereAndKeepsTheRest) {
  Config config;
  ASSERT_TRUE(load_yaml_text("f.yaml",
                             "workers: 4\n"
                             "table:\n  flows_max: 2M\n  counters: basic\n  first_packets: 32\n"
                             "timeouts: {udp: 1500ms, tcp_new: 7}\n"
                             "output:\n  destination: /var/log/eve.json\n  records: {dns: off}\n"
                             "hash_seed: 42\n"
                             "checksums: drop\n"
                             "dpdk: {portmask: 0x5, rss: ip}\n",
                             config)
                  .ok());
  EXPECT_EQ(config.workers, 4U);
  EXPECT_EQ(config.table.flows_max, 2'000'000U);
  EXPECT_EQ(config.table.counters, CounterUse::Basic);
  EXPECT_EQ(config.table.first_packets, 32U);
  EXPECT_EQ(config.timeouts.udp_ns, 1'500 * kMillisecondNs);
  EXPECT_EQ(config.timeouts.tcp_new_ns, 7 * kSecondNs);
  EXPECT_EQ(config.output.destination, "/var/log/eve.json");
  EXPECT_FALSE(config.output.records.dns);
  EXPECT_EQ(config.hash_seed, 42U);
  EXPECT_EQ(config.checksums, ChecksumUse::Drop);
  EXPECT_EQ(config.dpdk.portmask, 5U);
  EXPECT_EQ(config.dpdk.rss, RssFields::Ip);
  EXPECT_EQ(config.burst, 64U);
  EXPECT_EQ(config.timeouts.tcp_established_ns, 300 * kSecondNs);
  EXPECT_TRUE(config.output.records.flow);
}

TEST(ConfigLoad, TakesAnEmptyFileAndEmptyGroups) {
  for (const char* text : {"", "# nothing\n", "---\n", "table:\noutput:\n  records:\n"}) {
    EXPECT_EQ(refusal(text), "") << text;
  }
}

TEST(ConfigLoad, TakesListsAsSequencesOrText) {
  Config config;
  ASSERT_TRUE(load_yaml_text("f", "l7: {enabled: [tls, dns]}", config).ok());
  EXPECT_EQ(config.l7.enabled, (std::vector<std::string>{"tls", "dns"}));
  ASSERT_TRUE(load_yaml_text("f", "l7: {enabled: all}", config).ok());
  EXPECT_EQ(config.l7.enabled, std::vector<std::string>{"all"});
  ASSERT_TRUE(load_yaml_text("f", "dpdk: {eal_options: [\"--vdev\", \"a,b c\"]}", config).ok());
  EXPECT_EQ(config.dpdk.eal_options, (std::vector<std::string>{"--vdev", "a,b c"}));
}

TEST(ConfigLoad, NamesFileLineAndKeyOfAnUnknownKey) {
  EXPECT_EQ(refusal("workers: 1\ntabel:\n  flows_max: 5\n"),
            "f.yaml:2: tabel: unknown key; did you mean table?");
  EXPECT_EQ(refusal("table:\n\n  flow_max: 100\n"),
            "f.yaml:3: table.flow_max: unknown key; did you mean table.flows_max?");
  EXPECT_EQ(refusal("flows_max: 100\n"),
            "f.yaml:1: flows_max: unknown key; did you mean table.flows_max?");
  EXPECT_EQ(refusal("zzzzzzzz: 1"),
            "f.yaml:1: zzzzzzzz: unknown key; expected one of docs/configuration.md");
  EXPECT_EQ(refusal("workers.x: 1").rfind("f.yaml:1: workers.x: unknown key", 0), 0U);
}

TEST(ConfigLoad, RefusesValuesOutOfTheirLimits) {
  EXPECT_EQ(refusal("\nburst: 257\n"),
            "f.yaml:2: burst: \"257\" is too large; expected a whole number from 1 to 256");
  EXPECT_EQ(refusal("workers: 0"),
            "f.yaml:1: workers: \"0\" is too small; expected a whole number from 1 to 256");
  EXPECT_EQ(refusal("timeouts:\n  udp: 0\n"),
            "f.yaml:2: timeouts.udp: \"0\" is too small; expected a time from 1ms to 86400s, such "
            "as 30s or 100ms");
  EXPECT_EQ(refusal("streams: {buffers_bytes: 1k}"),
            "f.yaml:1: streams.buffers_bytes: \"1k\" is too small; expected a size from 1MiB to "
            "1024GiB, such as 512KiB or 64MiB");
}

TEST(ConfigLoad, RefusesValuesOfAnotherType) {
  EXPECT_EQ(refusal("workers: many"),
            "f.yaml:1: workers: \"many\" cannot be read; expected a whole number from 1 to 256");
  EXPECT_EQ(refusal("output: {community_id: 7}"),
            "f.yaml:1: output.community_id: \"7\" cannot be read; expected true or false");
  EXPECT_EQ(refusal("workers:\n"),
            "f.yaml:1: workers: it has no value; expected a whole number from 1 to 256");
  EXPECT_EQ(refusal("workers: [1]"),
            "f.yaml:1: workers: not a single value; expected a whole number from 1 to 256");
  EXPECT_EQ(refusal("workers: {a: 1}"),
            "f.yaml:1: workers: not a single value; expected a whole number from 1 to 256");
  EXPECT_EQ(refusal("table: 5"), "f.yaml:1: table: not a group; expected keys and values below it");
  EXPECT_EQ(refusal("dpdk: {rss: tcp}"),
            "f.yaml:1: dpdk.rss: \"tcp\" is not known; expected ip or udp");
  EXPECT_EQ(refusal("checksums: on"),
            "f.yaml:1: checksums: \"on\" is not known; expected off, count or drop");
  EXPECT_EQ(refusal("output: {destination: \"\"}"),
            "f.yaml:1: output.destination: \"\" is empty; expected a text");
  EXPECT_EQ(refusal("l7: {enabled: []}"),
            "f.yaml:1: l7.enabled: it is empty; expected a list of names, such as [http, tls]");
  EXPECT_EQ(refusal("l7: {enabled: [dns, dns]}"),
            "f.yaml:1: l7.enabled: \"dns\" is there twice; expected a list of names, such as "
            "[http, tls]");
  EXPECT_EQ(
      refusal("l7: {enabled: [[dns]]}"),
      "f.yaml:1: l7.enabled: an item is not a text; expected a list of names, such as [http, tls]");
  EXPECT_EQ(refusal("output: {destination: \"a\\nb\"}"),
            "f.yaml:1: output.destination: \"a?b\" has a control character; expected a text");
}

TEST(ConfigLoad, RefusesKeysThatAreThereTwice) {
  EXPECT_EQ(refusal("workers: 1\nburst: 2\nworkers: 3\n"),
            "f.yaml:3: workers: the key is there twice; expected it once");
  EXPECT_EQ(refusal("table: {flows_max: 20}\ntable: {flows_max: 30}\n"),
            "f.yaml:2: table: the key is there twice; expected it once");
}

TEST(ConfigLoad, RefusesDocumentsOfAnotherShape) {
  EXPECT_EQ(refusal("just text"), "f.yaml:1: not a group; expected keys and values below it");
  EXPECT_EQ(refusal("- 1\n"), "f.yaml:1: not a group; expected keys and values below it");
  EXPECT_EQ(refusal("workers: 1\n---\nburst: 2\n"), "f.yaml:3: a second document; expected one");
  EXPECT_EQ(refusal("? [a]\n: 1\n"), "f.yaml:1: a key is not a text; expected a name");
}

TEST(ConfigLoad, NamesTheLineOfBrokenYaml) {
  EXPECT_EQ(refusal("workers: 1\ntable: {flows_max: 5\n").rfind("f.yaml:", 0), 0U);
  EXPECT_NE(refusal("workers: 1\n\tburst: 2\n").find(":2: not YAML: "), std::string::npos);
  EXPECT_NE(refusal("a: &x [*x]\nworkers: *nowhere\n"), "");
}

TEST(ConfigLoad, CutsLongTextInMessages) {
  EXPECT_LT(refusal("workers: " + std::string(100'000, 'x')).size(), 200U);
}

TEST(ConfigLoadFile, SaysWhyAFileCannotBeRead) {
  Config config;
  EXPECT_EQ(load_yaml_file("/nowhere/f.yaml", config).error().message,
            "/nowhere/f.yaml: cannot be opened: No such file or directory");
  const std::string directory = std::filesystem::temp_directory_path().string();
  EXPECT_EQ(load_yaml_file(directory, config).error().message,
            directory + ": it is a directory; expected a YAML file");
  EXPECT_EQ(load_yaml_file("/dev/zero", config).error().message,
            "/dev/zero: larger than 1MiB; expected a YAML file");
}

TEST(ConfigLoadFile, LoadsEachProfile) {
  size_t profiles = 0;
  for (const auto& entry : std::filesystem::directory_iterator(FS_SOURCE_ROOT "/config/profiles")) {
    Config config;
    const Result<void> loaded = load_yaml_file(entry.path().string(), config);
    EXPECT_TRUE(loaded.ok()) << loaded.error().message;
    const Result<void> valid = validate(config);
    EXPECT_TRUE(valid.ok()) << entry.path() << ": " << valid.error().message;
    ++profiles;
  }
  EXPECT_GE(profiles, 2U);
}

TEST(ConfigApplyOption, SharesFormsAndLimitsWithTheFile) {
  Config config;
  ASSERT_TRUE(apply_option("dpdk.rxd", "2k", config).ok());
  ASSERT_TRUE(apply_option("l7.enabled", "http,dns", config).ok());
  ASSERT_TRUE(apply_option("dpdk.eal_options", "--no-huge -m 512", config).ok());
  ASSERT_TRUE(apply_option("hash_seed", "9", config).ok());
  EXPECT_EQ(config.dpdk.rxd, 2'000U);
  EXPECT_EQ(config.l7.enabled, (std::vector<std::string>{"http", "dns"}));
  EXPECT_EQ(config.dpdk.eal_options, (std::vector<std::string>{"--no-huge", "-m", "512"}));
  EXPECT_EQ(config.hash_seed, 9U);
  ASSERT_TRUE(apply_option("hash_seed", "random", config).ok());
  EXPECT_EQ(config.hash_seed, std::nullopt);
}

TEST(ConfigApplyOption, NamesTheKeyOfARefusal) {
  EXPECT_EQ(refusal_of("burst", "0"),
            "burst: \"0\" is too small; expected a whole number from 1 to 256");
  EXPECT_EQ(refusal_of("brust", "1"), "brust: unknown key; did you mean burst?");
  EXPECT_EQ(refusal_of("table", "1"), "table: it is a group; expected a key below it");
}

}  // namespace
}  // namespace flowscope
