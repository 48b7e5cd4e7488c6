#include "dataplane/app/doctor/examine.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cstring>

#include "dataplane/app/doctor/checks.h"
#include "flowcore/base/check.h"

namespace flowscope {

namespace {

size_t count_of(const std::vector<Finding>& findings, Verdict verdict) {
  return static_cast<size_t>(
      std::count_if(findings.begin(), findings.end(),
                    [&](const Finding& each) { return each.verdict == verdict; }));
}

std::string json_text(const std::string& text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      quoted += '\\';
      quoted += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      quoted += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    } else {
      quoted += c;
    }
  }
  return quoted + "\"";
}

}  // namespace

std::string_view name_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::Ok:
      return "ok";
    case Verdict::Warning:
      return "warning";
    case Verdict::Wrong:
      return "wrong";
  }
  return "";
}

std::string shell_word(const std::string& text) {
  const bool is_plain = !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || std::strchr("/._-+:,@=", c) != nullptr;
  });
  if (is_plain) return text;
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

std::vector<Finding> examine(const System& system, const Plan& plan) {
  std::vector<Finding> all;
  for (const auto checks : {dpdk_checks(), memory_checks(), device_checks(), cpu_checks(),
                            rights_checks(), interface_checks(), output_checks()}) {
    for (const Check& check : checks) {
      Findings findings{std::string(check.name)};
      check.look(system, plan, findings);
      FS_CHECK(!findings.all().empty());
      all.insert(all.end(), findings.all().begin(), findings.all().end());
    }
  }
  return all;
}

bool any_wrong(const std::vector<Finding>& findings) {
  return count_of(findings, Verdict::Wrong) != 0;
}

std::string findings_as_text(const std::vector<Finding>& findings) {
  std::string text;
  for (const Finding& each : findings) {
    text += fmt::format("{:8} {:18} {}\n", name_of(each.verdict), each.check, each.said);
    if (!each.mend.empty()) text += fmt::format("{:27} mend: {}\n", "", each.mend);
  }
  const size_t wrong = count_of(findings, Verdict::Wrong);
  const size_t warnings = count_of(findings, Verdict::Warning);
  return text
         + fmt::format("{} checked, {} wrong, {} warnings\n", findings.size(), wrong, warnings);
}

std::string findings_as_json(const std::vector<Finding>& findings) {
  std::string json = "{\"checks\":[";
  for (const Finding& each : findings) {
    if (&each != &findings.front()) json += ',';
    json +=
        fmt::format(R"({{"check":{},"verdict":"{}","said":{},"mend":{}}})", json_text(each.check),
                    name_of(each.verdict), json_text(each.said), json_text(each.mend));
  }
  return json
         + fmt::format("],\"wrong\":{},\"warnings\":{}}}\n", count_of(findings, Verdict::Wrong),
                       count_of(findings, Verdict::Warning));
}

}  // namespace flowscope
