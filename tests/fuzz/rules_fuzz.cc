// Reads one input as a rules file: whatever it holds, each line is a rule or a fault, and faults
// say what to mend in one line of text.
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "l7/signatures/rule_file.h"

namespace flowscope {
namespace {

constexpr std::array<std::string_view, 3> kProtocols = {"http", "tls", "dns"};

void check(bool is_so) {
  if (!is_so) std::abort();
}

void check_fault(const RuleFault& fault) {
  check(fault.text.find(';') != std::string::npos);
  for (const char c : fault.text) check(static_cast<unsigned char>(c) >= 0x20);
}

void check_signature(const Signature& signature, size_t place) {
  check(signature.sid != 0 && !signature.message.empty() && signature.pattern.id == place);
  check(!signature.pattern.expression.empty());
  check(signature.severity >= 1 && signature.severity <= Signature::kSeverityMax);
  check(signature.ports.size() <= RuleFile::kPortRangesMax);
  for (const PortRange& range : signature.ports) check(range.first <= range.last);
  for (const std::string& name : signature.protocols)
    check(name == "http" || name == "tls" || name == "dns");
}

void read(std::string_view text) {
  const RuleFile file = parse_rules(text, kProtocols);
  check(file.faults.size() <= RuleFile::kFaultsMax && file.faults.size() <= file.faults_total);
  for (const RuleFault& fault : file.faults) check_fault(fault);
  for (size_t i = 0; i < file.signatures.size(); ++i) check_signature(file.signatures[i], i);
  (void)file.faults_text("rules");
}

}  // namespace
}  // namespace flowscope

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* first, size_t size) {
  flowscope::read(flowscope::Bytes{first, size}.as_text());
  return 0;
}
