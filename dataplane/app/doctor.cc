#include <fmt/format.h>

#include <utility>

#include "dataplane/app/command_line.h"
#include "dataplane/app/doctor/examine.h"
#include "dataplane/app/verbs.h"

namespace flowscope {

Exit doctor(const CommandLine& line) {
  Plan plan = make_plan(line.config, line.eal_options);
  plan.interface = line.interface;
  const System system = System::of_this_machine();
  // What is named is what is planned; where nothing is, whatever this program can do may be.
  const bool names_ports = !line.eal_options.empty() || !line.config.dpdk.eal_options.empty();
  plan.run = names_ports || (line.interface.empty() && system.dpdk.has_value());
  plan.live = !line.interface.empty() || !names_ports;
  const std::vector<Finding> findings = examine(system, plan);
  fmt::print("{}", line.form == AnswerForm::Json ? findings_as_json(findings)
                                                 : findings_as_text(findings));
  return any_wrong(findings) ? Exit::Usage : Exit::Ok;
}

}  // namespace flowscope
