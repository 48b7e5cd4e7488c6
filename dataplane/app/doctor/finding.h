#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "dataplane/app/doctor/plan.h"
#include "dataplane/app/doctor/system.h"

namespace flowscope {

// Ok: nothing to do. Warning: it runs, but slower, or with a risk. Wrong: it will not run.
enum class Verdict : uint8_t { Ok, Warning, Wrong };

[[nodiscard]] std::string_view name_of(Verdict verdict);

// What one check says of one thing.
struct Finding {
  std::string check;
  Verdict verdict = Verdict::Ok;
  std::string said;
  std::string mend;  // a command for the shell, or options of flowscope; empty where all is well
};

// A text as one word of a shell's command: in quotes where it needs them.
[[nodiscard]] std::string shell_word(const std::string& text);

// Collects what one check finds.
class Findings {
 public:
  explicit Findings(std::string check) : check_(std::move(check)) {}

  void ok(std::string said) { add(Verdict::Ok, std::move(said), ""); }
  void warn(std::string said, std::string mend) {
    add(Verdict::Warning, std::move(said), std::move(mend));
  }
  void wrong(std::string said, std::string mend) {
    add(Verdict::Wrong, std::move(said), std::move(mend));
  }

  [[nodiscard]] const std::vector<Finding>& all() const { return all_; }

 private:
  void add(Verdict verdict, std::string said, std::string mend) {
    all_.push_back(
        {.check = check_, .verdict = verdict, .said = std::move(said), .mend = std::move(mend)});
  }

  std::string check_;
  std::vector<Finding> all_;
};

// One check: its name, and what looks. It adds one finding at least.
struct Check {
  std::string_view name;
  void (*look)(const System&, const Plan&, Findings&);
};

}  // namespace flowscope
