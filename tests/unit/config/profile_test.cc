#include "config/profile.h"

#include <gtest/gtest.h>

#include "config/load.h"
#include "config/validate.h"

namespace flowscope {
namespace {

const std::vector<std::string>& source_folders() {
  static const std::vector<std::string> folders = {"/nowhere", FS_SOURCE_ROOT "/config/profiles"};
  return folders;
}

TEST(ConfigPath, ANameWithoutAPathMeansAProfile) {
  EXPECT_EQ(config_path("lab-null", source_folders()).value(),
            FS_SOURCE_ROOT "/config/profiles/lab-null.yaml");
}

TEST(ConfigPath, APathIsTakenAsItIs) {
  for (const std::string path : {"./lab-null", "lab-null.yaml", "some.yml", "/etc/flowscope"})
    EXPECT_EQ(config_path(path, source_folders()).value(), path);
}

TEST(ConfigPath, AnUnknownNameListsTheProfiles) {
  EXPECT_EQ(config_path("appliance-99g", source_folders()).error().message,
            "appliance-99g: no such file, and no such profile; expected a YAML file, or one of "
            "appliance-100g, appliance-10g, lab-null, vdev-pcap");
  const std::vector<std::string> none = {"/nowhere"};
  EXPECT_EQ(config_path("x", none).error().message,
            "x: no such file, and no such profile; expected a YAML file, or a profile (none is "
            "installed)");
}

TEST(Profiles, EachIsRight) {
  const std::vector<std::string> names = profile_names(source_folders());
  EXPECT_EQ(names,
            (std::vector<std::string>{"appliance-100g", "appliance-10g", "lab-null", "vdev-pcap"}));
  for (const std::string& name : names) {
    Config config;
    const auto loaded = load_yaml_file(config_path(name, source_folders()).value(), config);
    ASSERT_TRUE(loaded.ok()) << loaded.error().message;
    const auto valid = validate(config);
    EXPECT_TRUE(valid.ok()) << name << ": " << valid.error().message;
  }
}

}  // namespace
}  // namespace flowscope
