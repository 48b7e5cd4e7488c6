#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "l7/signatures/signature_set.h"

namespace flowscope {

// Where the compiled rules come from and go to.
struct SignatureFile {
  std::string rules;                        // path
  std::string cache;                        // path; empty: nothing is kept
  std::vector<std::string_view> protocols;  // names that rules may be limited to
};

// A rules file, compiled or taken from the cache.
struct LoadedSignatures {
  std::unique_ptr<SignatureSet> set;
  std::string told;  // one line for the user: how many rules, from where, how long it took
  std::vector<std::string> warnings;  // what was wrong with the cache
};

// What the configuration says, with the names of all parsers that are built in.
[[nodiscard]] SignatureFile signature_file(const SignaturesConfig& config);

// Reads and compiles the rules, or finds them compiled in the cache: a file with the digest of
// rules, library, processor and content, replaced as a whole. A cache that is damaged or cannot be
// written costs a warning and the time to compile. The error has a line "FILE:LINE: WHAT; FIX" for
// each faulty rule.
[[nodiscard]] Result<LoadedSignatures> load_signatures(const SignatureFile& file);

}  // namespace flowscope
