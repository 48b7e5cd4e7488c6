#include "dataplane/app/config_sources.h"

#include <filesystem>

#include "config/load.h"
#include "config/profile.h"
#include "config/validate.h"
#include "dataplane/app/confine.h"
#include "dataplane/app/log.h"
#include "dataplane/app/output_options.h"
#include "dataplane/app/packet_options.h"
#include "dataplane/app/pipeline_options.h"

namespace flowscope {

Result<std::string> config_file(const std::string& name) {
  return config_path(name, profile_folders());
}

Result<Config> read_config(const ConfigSources& sources) {
  Config config;
  if (!sources.file.empty()) {
    if (auto loaded = load_yaml_file(sources.file, config); !loaded.ok()) return loaded.error();
  }
  for (const auto& [key, text] : sources.options) {
    if (auto applied = apply_option(key, text, config); !applied.ok()) return applied.error();
  }
  if (auto checked = check_config(config); !checked.ok()) return checked.error();
  return config;
}

Result<Config> read_config_again(const ConfigSources& sources) {
  std::error_code fault;
  const auto status = std::filesystem::status(sources.file, fault);
  if (!fault && std::filesystem::exists(status) && !std::filesystem::is_regular_file(status))
    return Error{sources.file + ": it is no regular file; only such a one can be read again"};
  return read_config(sources);
}

Result<void> check_config(const Config& config) {
  if (auto valid = validate(config, parser_names()); !valid.ok()) return valid;
  if (auto decap = decap_of(config); !decap.ok()) return decap.error();
  if (auto key_with = key_with_of(config); !key_with.ok()) return key_with.error();
  if (auto dedup = dedup_of(config); !dedup.ok()) return dedup.error();
  if (auto overlap = overlap_of(config); !overlap.ok()) return overlap.error();
  if (auto overlap = segment_overlap_of(config); !overlap.ok()) return overlap.error();
  if (auto log = log_options(config.log); !log.ok()) return log.error();
  if (auto overflow = overflow_of(config); !overflow.ok()) return overflow.error();
  if (auto shed_first = shed_first_of(config); !shed_first.ok()) return shed_first.error();
  if (auto confine = confine_options(config); !confine.ok()) return confine.error();
  return {};
}

}  // namespace flowscope
