#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace flowscope::http {

// What a stream did that RFC 9112 forbids or that costs us a record. The RFC sections are of RFC
// 9112.
enum class Anomaly : uint8_t {
  Malformed,              // a line that is no start line where one must be
  HeaderTooLong,          // a head above kHeadBytesMax
  HeaderMalformed,        // a field line without a name or a colon (5.1)
  SpaceBeforeColon,       // 5.1: a server must reject it, some pass it on
  ContentLengthInvalid,   // 6.3 rule 5: not a decimal number below 2^63
  ContentLengthConflict,  // 6.3 rule 5: several, and they differ
  LengthAndEncoding,      // 6.3 rule 3: Transfer-Encoding and Content-Length together
  EncodingInvalid,        // 6.1: chunked is not the one, last transfer coding
  EncodingInOldVersion,   // 6.1: Transfer-Encoding in an HTTP/1.0 message
  ChunkMalformed,         // 7.1: no chunk size where one must be, or no line end after a chunk
  HostRepeated,           // 3.2: more than one Host field
  RoleConflict,           // a request from the side that answers, or the reverse
  BlankInTarget,          // 3: words between target and version; the first counts
  PipelineTooDeep,        // more unanswered requests than we keep
};

inline constexpr std::array<const char*, 14> kAnomalyNames = {
    "http_malformed",
    "http_header_too_long",
    "http_header_malformed",
    "http_space_before_colon",
    "http_content_length_invalid",
    "http_content_length_conflict",
    "http_cl_te_conflict",
    "http_transfer_encoding_invalid",
    "http_transfer_encoding_version",
    "http_chunk_malformed",
    "http_host_repeated",
    "http_role_conflict",
    "http_blank_in_target",
    "http_pipeline_too_deep",
};

[[nodiscard]] constexpr const char* name_of(Anomaly anomaly) {
  return kAnomalyNames[static_cast<size_t>(anomaly)];
}

// The anomalies of one head: each is reported once, however often it occurs in it.
class AnomalySet {
 public:
  constexpr void add(Anomaly anomaly) {
    bits_ = static_cast<uint16_t>(bits_ | (1U << static_cast<unsigned>(anomaly)));
  }
  [[nodiscard]] constexpr bool empty() const { return bits_ == 0; }
  [[nodiscard]] constexpr bool contains(Anomaly anomaly) const {
    return (bits_ >> static_cast<unsigned>(anomaly) & 1U) != 0;
  }

 private:
  uint16_t bits_ = 0;
};

}  // namespace flowscope::http
