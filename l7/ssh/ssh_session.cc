#include "l7/ssh/ssh_session.h"

namespace flowscope::ssh {

std::string_view disconnect_reason_name(uint32_t reason) {
  constexpr std::string_view kNames[] = {
      "host_not_allowed_to_connect",
      "protocol_error",
      "key_exchange_failed",
      "reserved",
      "mac_error",
      "compression_error",
      "service_not_available",
      "protocol_version_not_supported",
      "host_key_not_verifiable",
      "connection_lost",
      "by_application",
      "too_many_connections",
      "auth_cancelled_by_user",
      "no_more_auth_methods_available",
      "illegal_user_name",
  };
  return reason >= 1 && reason <= std::size(kNames) ? kNames[reason - 1] : "unknown";
}

}  // namespace flowscope::ssh
