#include "l7/ssh/kex_init.h"

#include "flowcore/base/byte_reader.h"
#include "l7/ssh/wire.h"

namespace flowscope::ssh {
namespace {

constexpr size_t kCookieBytes = 16;
constexpr size_t kReservedBytes = 4;

std::string_view read_list(ByteReader& reader) { return reader.bytes(reader.u32()).as_text(); }

AlgorithmsPerDirection read_lists(ByteReader& reader) {
  const std::string_view to_server = read_list(reader);
  return {to_server, read_list(reader)};
}

}  // namespace

// RFC 4253 7.1: cookie, ten name-lists of which the last two are languages, a flag, a reserved
// number.
std::optional<KexInit> read_kex_init(Bytes body) {
  ByteReader reader(body);
  reader.skip(kCookieBytes);
  KexInit init;
  init.kex = read_list(reader);
  init.host_keys = read_list(reader);
  init.ciphers = read_lists(reader);
  init.macs = read_lists(reader);
  init.compressions = read_lists(reader);
  if (!reader.ok()) return std::nullopt;
  read_lists(reader);
  init.first_packet_follows = reader.u8() != 0;
  reader.skip(kReservedBytes);
  init.sound = reader.ok();
  return init;
}

bool has_name(std::string_view list, std::string_view name) {
  NameWalk walk(list);
  while (walk.next()) {
    if (walk.name() == name) return true;
  }
  return false;
}

std::optional<Role> marked_role(std::string_view kex) {
  NameWalk walk(kex);
  while (walk.next()) {
    const std::string_view name = walk.name();
    if (name == "ext-info-c" || name == "kex-strict-c-v00@openssh.com") return Role::Client;
    if (name == "ext-info-s" || name == "kex-strict-s-v00@openssh.com") return Role::Server;
  }
  return std::nullopt;
}

bool asks_for_strict_kex(std::string_view kex) {
  return has_name(kex, "kex-strict-c-v00@openssh.com")
         || has_name(kex, "kex-strict-s-v00@openssh.com");
}

}  // namespace flowscope::ssh
