#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "l7/signatures/signature.h"

namespace flowscope {

// What is wrong with a line of a rules file, and what to write instead.
struct RuleFault {
  uint32_t line = 0;  // from 1; 0: the file as a whole
  std::string text;   // "WHAT; FIX"
};

// A rules file, read. One rule a line:
//
//   alert TRANSPORT [port PORTS] [from SIDE] [proto NAMES] PATTERN (OPTION; OPTION; ...)
//
//   TRANSPORT  tcp, udp or any
//   PORTS      the responder's: 80 or 80,8000-8099
//   SIDE       initiator or responder
//   NAMES      app_proto of the flow: http or http,tls
//   PATTERN    "literal", with \" \\ \| and |0d 0a| for bytes by number; or /expression/FLAGS, with
//              \/ for a slash and flags of i (caseless), m (^ and $ at line ends), s (. is any
//              byte)
//   OPTION     sid:N and msg:"..." (both needed), rev:N, category:"...", severity:1 to 4, nocase,
//              depth:BYTES, once:side or once:flow
//
// Empty lines and lines that begin with # are skipped. docs/signatures.md tells it to operators.
struct RuleFile {
  std::vector<Signature> signatures;  // of the lines without a fault
  std::vector<RuleFault> faults;      // the first kFaultsMax
  size_t faults_total = 0;

  static constexpr size_t kFaultsMax = 20;
  static constexpr size_t kBytesMax = size_t{64} << 20;
  static constexpr size_t kLineBytesMax = 8192;
  static constexpr size_t kRulesMax = 100'000;
  static constexpr size_t kMessageBytesMax = 512;
  static constexpr size_t kPortRangesMax = 32;
  static constexpr size_t kLiteralBytesMin = 2;

  void add_fault(uint32_t line, std::string text);
  // "NAME:LINE: WHAT; FIX", a line for each fault, and how many more there are.
  [[nodiscard]] std::string faults_text(std::string_view name) const;
};

// Reads a rules file; any bytes may be given. `protocols`: the names that `proto` may have; empty:
// not checked. Patterns are not compiled: SignatureSet does that, and check_patterns() looks at
// each. For set-up. Cost: linear in the text.
[[nodiscard]] RuleFile parse_rules(std::string_view text,
                                   std::span<const std::string_view> protocols);

// Moves the signatures whose pattern cannot be searched for to the faults.
void check_patterns(RuleFile& file);

}  // namespace flowscope
