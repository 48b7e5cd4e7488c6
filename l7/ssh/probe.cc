#include <algorithm>

#include "flowcore/base/byte_reader.h"
#include "l7/ssh/ssh.h"
#include "l7/ssh/wire.h"

namespace flowscope::ssh {
namespace {

constexpr size_t kCookieBytes = 16;

bool is_list_byte(uint8_t byte) { return byte > ' ' && byte <= '~'; }

// The start of a KEXINIT: packet header, cookie, and the first list, of which some characters are
// seen (RFC 4253 6 and 7.1).
Probe probe_kex_init(Bytes bytes) {
  ByteReader reader(bytes);
  const uint32_t length = reader.u32();
  const bool length_fits = length + 4 <= kPacketBytesMax && (length + 4) % 8 == 0 && length > 64;
  // No packet is so long that the first two bytes of its length are not 0.
  const bool may_fit = bytes[0] == 0 && (bytes.size() < 2 || bytes[1] == 0);
  if (reader.ok() ? !length_fits : !may_fit) return Probe::NoMatch;
  const uint8_t padding = reader.u8();
  if (reader.ok() && (padding < 4 || padding > length - 2)) return Probe::NoMatch;
  const uint8_t type = reader.u8();
  if (reader.ok() && type != static_cast<uint8_t>(MessageType::KexInit)) return Probe::NoMatch;
  reader.skip(kCookieBytes);
  const uint32_t list_bytes = reader.u32();
  if (!reader.ok()) return Probe::NeedMore;
  if (list_bytes == 0 || list_bytes > length) return Probe::NoMatch;
  const Bytes list = reader.rest().first(list_bytes);
  if (!std::all_of(list.begin(), list.end(), is_list_byte)) return Probe::NoMatch;
  return bytes.size() >= kProbeBytes ? Probe::Match : Probe::NeedMore;
}

}  // namespace

Probe SshParser::probe(FlowSide /*side*/, Bytes first_bytes) {
  if (first_bytes.empty()) return Probe::NeedMore;
  if (first_bytes.starts_with(kBannerStart)) return Probe::Match;
  if (kBannerStart.starts_with(first_bytes.as_text())) return Probe::NeedMore;
  return first_bytes[0] == 0 ? probe_kex_init(first_bytes) : Probe::NoMatch;
}

}  // namespace flowscope::ssh
