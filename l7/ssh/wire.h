#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "flowcore/base/bytes.h"

// Numbers and the smallest shapes of the SSH transport protocol, shared by all that read it.
namespace flowscope::ssh {

// RFC 4250 4.1.2. Any value can occur; those from KexMethodFirst to KexMethodLast mean what the
// chosen key exchange says.
enum class MessageType : uint8_t {
  Disconnect = 1,
  Ignore = 2,
  Unimplemented = 3,
  Debug = 4,
  KexInit = 20,
  NewKeys = 21,
  KexMethodFirst = 30,  // the client's half of nearly every method
  KexReplyFirst = 31,   // 31 to 33: among them the one that carries the host key
  KexReplyLast = 33,
  KexGroupRequest = 34,  // RFC 4419 5: the client asks for a group
  KexMethodLast = 49,
  AuthenticationFirst = 50,  // from here on only under new keys
};

// What every identification line begins with (RFC 4253 4.2).
inline constexpr std::string_view kBannerStart = "SSH-";
// Of an identification line, its CR LF included (RFC 4253 4.2).
inline constexpr size_t kBannerBytesMax = 255;
// Packet length, padding length, message type (RFC 4253 6).
inline constexpr size_t kPacketHeaderBytes = 6;
// Of a packet with its length field, as far as everybody must go (RFC 4253 6.1).
inline constexpr size_t kPacketBytesMax = 35'000;

// Walks a name-list (RFC 4251 5): names with commas between them.
//   NameWalk walk(list);
//   while (walk.next()) use(walk.name());
class NameWalk {
 public:
  explicit NameWalk(std::string_view list) : rest_(list), more_(!list.empty()) {}

  bool next() {
    if (!more_) return false;
    const size_t comma = rest_.find(',');
    more_ = comma != std::string_view::npos;
    name_ = rest_.substr(0, comma);
    if (more_) rest_.remove_prefix(comma + 1);
    return true;
  }
  [[nodiscard]] std::string_view name() const { return name_; }

 private:
  std::string_view rest_;
  std::string_view name_;
  bool more_;
};

}  // namespace flowscope::ssh
