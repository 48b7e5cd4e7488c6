#pragma once

#include <string_view>

#include "flowcore/base/bytes.h"

namespace flowscope::ssh {

// An identification line (RFC 4253 4.2) taken apart: SSH-protoversion-softwareversion SP comments.
// Lifetime: that of the line.
struct Banner {
  std::string_view proto_version;
  std::string_view software_version;
  std::string_view comment;
  // False when one of the first two is empty, or the version cannot be told from the software.
  bool sound = false;
};

// Reads a line without its end. Requires: it begins with kBannerStart.
[[nodiscard]] Banner read_banner(Bytes line);

// Whether this side can speak version 2: "2.0", or "1.99" for a server of both (RFC 4253 5.1).
[[nodiscard]] bool offers_version_2(std::string_view proto_version);

}  // namespace flowscope::ssh
