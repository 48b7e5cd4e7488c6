#include "l7/ssh/banner.h"

#include "l7/ssh/wire.h"

namespace flowscope::ssh {

Banner read_banner(Bytes line) {
  Banner banner;
  const std::string_view text = line.after(kBannerStart.size()).as_text();
  const size_t dash = text.find('-');
  if (dash == std::string_view::npos) return banner;
  banner.proto_version = text.substr(0, dash);
  const std::string_view rest = text.substr(dash + 1);
  const size_t space = rest.find(' ');
  banner.software_version = rest.substr(0, space);
  if (space != std::string_view::npos) banner.comment = rest.substr(space + 1);
  banner.sound = !banner.proto_version.empty() && !banner.software_version.empty();
  return banner;
}

bool offers_version_2(std::string_view proto_version) {
  return proto_version == "1.99" || proto_version.starts_with("2.");
}

}  // namespace flowscope::ssh
