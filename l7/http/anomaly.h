#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace flowscope::http {

// What a stream did that the standards forbid, that recipients are known to read differently (the
// ways of request smuggling), or that costs us a record. Sections are of RFC 9112 unless they say
// 9110.
enum class Anomaly : uint8_t {
  Malformed,      // a line that is no start line where one must be
  HeaderTooLong,  // a head above kHeadBytesMax
  TooManyFields,  // more field lines than kFieldsMax

  // Lines of a head.
  HeaderMalformed,     // 5: a field line without a colon, or without a name
  FieldNameInvalid,    // 9110 5.1: a character in a field name that is none of a token
  SpaceInFieldName,    // 9110 5.1: that character is a blank
  SpaceBeforeColon,    // 5.1: a server must reject it, some pass it on
  BlankBeforeFields,   // 2.2: a blank between the start line and the first field
  ObsoleteFold,        // 5.2: a field that goes on in the next line
  BareLineFeed,        // 2.2: a line that ends without CR
  BareCarriageReturn,  // 2.2: a CR that ends no line
  Nul,                 // 9110 5.5: a NUL in a head
  ControlCharacter,    // 9110 5.5: another control character in a head
  EmptyLineBefore,     // 2.2: empty lines before a start line

  // Start lines.
  BlankInTarget,    // 3: words between target and version; the first counts
  StartLineBlanks,  // 3: other than one space between the words
  ControlInTarget,  // 3.2: a control character in the target
  EncodedLineEnd,   // 9110 17.5: an encoded CR or LF in the target, as for response splitting
  TargetInvalid,    // 3.2: a target of none of the four forms, or of one that the method has not
  VersionMissing,   // 3: a request line of HTTP/0.9
  HostMissing,      // 3.2: an HTTP/1.1 request without Host
  HostRepeated,     // 3.2: more than one Host field
  HostInvalid,      // 9110 7.2: a character in Host that is none of a host
  HostConflict,     // 3.2.2: the target names another host than Host does

  // Framing.
  ContentLengthInvalid,    // 6.3 rule 5: not a decimal number below 2^62
  ContentLengthConflict,   // 6.3 rule 5: several, and they differ
  ContentLengthRepeated,   // 6.3 rule 5: several, all equal
  LengthAndEncoding,       // 6.3 rule 3: Transfer-Encoding and Content-Length together
  EncodingInvalid,         // 6.1: chunked is not the one, last transfer coding
  EncodingUnknown,         // 7: a transfer coding that is not registered
  EncodingObfuscated,      // 7: one that reads like chunked and is not
  EncodingInOldVersion,    // 6.1: Transfer-Encoding in an HTTP/1.0 message
  LengthWithoutBody,       // 9110 8.6, 6.1: framing fields in a 1xx or 204 response
  BodyUnexpected,          // 9110 9.3: content of a GET, HEAD, TRACE or CONNECT request
  ResponseBodyUnexpected,  // 6.3 rule 1: content behind a response that has none
  ChunkSizeInvalid,        // 7.1: no chunk size where one must be: a sign, 0x, a blank, nothing
  ChunkSizeTooLarge,       // 7.1: a chunk size above 2^62
  ChunkExtensionInvalid,   // 7.1.1: what follows a chunk size does not begin with ";"
  ChunkEndMissing,         // 7.1: no line end after a chunk
  TrailerForbidden,        // 9110 6.5.1: a trailer that frames, routes or describes the message

  // Exchanges.
  RoleConflict,         // a request from the side that answers, or the reverse
  PipelineTooDeep,      // more unanswered requests than we keep
  ResponseUnsolicited,  // 9110 15: a response to no request, as after response splitting
  UpgradeUnasked,       // 9110 15.2.2: 101 to a request without Upgrade
  AfterClose,           // 9.6: a message behind one that closes
};

inline constexpr std::array kAnomalyNames = {
    "http_malformed",
    "http_header_too_long",
    "http_header_too_many",
    "http_header_malformed",
    "http_field_name_invalid",
    "http_field_name_space",
    "http_space_before_colon",
    "http_blank_before_fields",
    "http_obsolete_fold",
    "http_bare_lf",
    "http_bare_cr",
    "http_nul",
    "http_control_character",
    "http_empty_line_before",
    "http_blank_in_target",
    "http_start_line_blanks",
    "http_control_in_target",
    "http_encoded_line_end",
    "http_target_invalid",
    "http_version_missing",
    "http_host_missing",
    "http_host_repeated",
    "http_host_invalid",
    "http_host_conflict",
    "http_content_length_invalid",
    "http_content_length_conflict",
    "http_content_length_repeated",
    "http_cl_te_conflict",
    "http_transfer_encoding_invalid",
    "http_transfer_encoding_unknown",
    "http_transfer_encoding_obfuscated",
    "http_transfer_encoding_version",
    "http_length_without_body",
    "http_request_body_unexpected",
    "http_response_body_unexpected",
    "http_chunk_size_invalid",
    "http_chunk_size_too_large",
    "http_chunk_extension_invalid",
    "http_chunk_end_missing",
    "http_trailer_forbidden",
    "http_role_conflict",
    "http_pipeline_too_deep",
    "http_response_unsolicited",
    "http_upgrade_unasked",
    "http_data_after_close",
};
static_assert(kAnomalyNames.size() == static_cast<size_t>(Anomaly::AfterClose) + 1);

[[nodiscard]] constexpr const char* name_of(Anomaly anomaly) {
  return kAnomalyNames[static_cast<size_t>(anomaly)];
}

// The anomalies of one message: each is reported once, however often it occurs in it.
class AnomalySet {
 public:
  constexpr AnomalySet() = default;
  explicit constexpr AnomalySet(Anomaly anomaly) : bits_(bit(anomaly)) {}
  constexpr void add(Anomaly anomaly) { bits_ |= bit(anomaly); }
  constexpr void add(AnomalySet others) { bits_ |= others.bits_; }
  constexpr void remove(AnomalySet others) { bits_ &= ~others.bits_; }
  [[nodiscard]] constexpr bool empty() const { return bits_ == 0; }
  [[nodiscard]] constexpr bool contains(Anomaly anomaly) const {
    return (bits_ & bit(anomaly)) != 0;
  }

 private:
  static_assert(kAnomalyNames.size() <= 64);
  [[nodiscard]] static constexpr uint64_t bit(Anomaly anomaly) {
    return uint64_t{1} << static_cast<unsigned>(anomaly);
  }
  uint64_t bits_ = 0;
};

}  // namespace flowscope::http
