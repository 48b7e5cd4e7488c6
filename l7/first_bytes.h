#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace flowscope {

// Who says the bytes of a pattern. Roles are of the protocol, not of the flow: a flow picked up in
// its middle, or opened by a server (FTP), has its client on the responder's side.
enum class Role : uint8_t { Either, Client, Server };

// What one match is worth.
enum class Evidence : uint8_t {
  Alone,   // the bytes are distinctive enough
  Paired,  // the other side must match as well, in the other role; or one end has a port of it
  AtPort,  // counts only where one end has a port of the protocol
};

enum class ByteOrder : uint8_t { Big, Little };

// A length that the message states, at `offset`, of `bytes` bytes; 0 bytes: none. The message is
// the stated value and `adds` bytes long. A datagram must be exactly as long; the first run of a
// stream may end before the message does, not behind it.
struct LengthField {
  uint8_t offset = 0;
  uint8_t bytes = 0;
  ByteOrder order = ByteOrder::Big;
  int16_t adds = 0;
  uint32_t bytes_max = 1U << 20U;  // of the message
};

// A pattern of the first bytes that a protocol sends: what its folder declares, and what the table,
// the regular expressions and the portable matcher are all made from. A parser declares its own as
//   static constexpr std::array<FirstBytes, N> kFirstBytes = {{{R"(GET )"}, ...}};
// which must fit wherever its probe() does not answer NoMatch: a run of bytes that fits none is
// not shown to it. Without a declaration it is shown every run.
//
// `pattern` is a piece of a regular expression, anchored at `offset`: literals, `.`, `\xHH`, `\r`,
// `\n`, `\t`, `\d`, escaped marks, classes ([a-z\x00], [^\r\n]), each with {n} behind it if wanted;
// at most one may have {n,m}. `(?i)` in front: letters of either case. A dot is any byte. It must
// lie in the first kLookedAtBytes of the run.
struct FirstBytes {
  const char* pattern = nullptr;  // null: none
  Role role = Role::Either;
  Evidence evidence = Evidence::Alone;
  uint8_t offset = 0;
  LengthField length{};
  // Of the whole run or datagram.
  uint16_t bytes_min = 0;
  uint16_t bytes_max = UINT16_MAX;
};

// How far into a run or a datagram patterns look.
inline constexpr size_t kLookedAtBytes = 256;

}  // namespace flowscope
