#include "config/print.h"

#include <algorithm>
#include <string_view>

#include "config/schema.h"

namespace flowscope {

namespace {

constexpr std::string_view kPageIntroduction = R"(# Configuration

Written from the schema in `config/schema.cc`; a test compares the two and says how to bring them together.

`flowscope -c FILE` reads a YAML file with the keys below; a dot means a group:

    table:
      flows_max: 2M
    timeouts:
      udp: 30s

A key that is not there keeps its default. Unknown keys, wrong types and values out of their limits are refused with
file, line and key. Command-line options set the same keys and win over the file. `flowscope check FILE` prints what a file amounts to.

Numbers may end in `k`, `M` or `G` (thousands), sizes also in `KiB`, `MiB` or `GiB`, times in `us`, `ms`, `s`, `min` or `h`; a time without a unit
is in seconds.

The column *reload* says what becomes of a changed value on SIGHUP ([operations](operations.md)): `yes`, it is taken while packets go on; `no`, the
next start takes it; `on`, as yes, but leaving or taking the default, which is off, needs a start. What takes memory, ports or threads is `no`. So is
`output.destination`: a run that has confined itself reaches the folder of its output and no other place, and the capabilities that opened the first one
are given up.

)";

std::string_view name_of(Taken taken) {
  switch (taken) {
    case Taken::AtStart:
      return "no";
    case Taken::OnReload:
      return "yes";
    case Taken::OnReloadWhileOn:
      return "on";
  }
  return {};
}

size_t depth_of(std::string_view key) {
  return static_cast<size_t>(std::count(key.begin(), key.end(), '.'));
}

std::string_view group_of(std::string_view key) {
  const size_t dot = key.rfind('.');
  return dot == std::string_view::npos ? std::string_view{} : key.substr(0, dot);
}

std::string_view last_word(std::string_view path) { return path.substr(path.rfind('.') + 1); }

std::string indent(size_t depth) { return std::string(2 * depth, ' '); }

// Opens the groups of `group` that `open` did not lie in already.
void open_groups(std::string_view group, std::string_view open, std::string& yaml) {
  if (group.empty() || group == open || std::string(open).starts_with(std::string(group) + "."))
    return;
  open_groups(group_of(group), open, yaml);
  yaml.append(indent(depth_of(group))).append(last_word(group)).append(":\n");
}

}  // namespace

std::string config_as_yaml(Config config) {
  Config defaults;
  std::string yaml;
  std::string_view open;
  for (const Setting& setting : all_settings()) {
    const std::string_view group = group_of(setting.key);
    if (!std::string(open).starts_with(std::string(group) + ".") && group != open)
      open_groups(group, open, yaml);
    open = group;
    const std::string value = text_of(setting, config);
    const std::string usual = text_of(setting, defaults);
    yaml.append(indent(depth_of(setting.key)))
        .append(last_word(setting.key))
        .append(": ")
        .append(value);
    if (value != usual) yaml.append("  # default: ").append(usual);
    yaml += '\n';
  }
  return yaml;
}

std::string configuration_page() {
  Config defaults;
  std::string page(kPageIntroduction);
  page += "| key | default | form | reload | meaning |\n|---|---|---|---|---|\n";
  for (const Setting& setting : all_settings()) {
    page.append("| `").append(setting.key).append("` | `").append(text_of(setting, defaults));
    page.append("` | ")
        .append(expected_form(setting))
        .append(" | ")
        .append(name_of(setting.taken))
        .append(" | ")
        .append(setting.help)
        .append(" |\n");
  }
  return page;
}

}  // namespace flowscope
