#pragma once

#include <string_view>

#include "l7/http/head.h"

namespace flowscope::http {

// Adds to `head.anomalies` what is wrong with the characters of its text, from the first byte of
// the start line to the last of the head: control characters, and CRs that end no line. Cost: some
// instructions a character, so it is for heads in which HeadScan came upon one.
void check_characters(std::string_view text, Head& head);

// Adds what is wrong with target and Host of a request (RFC 9112 section 3.2).
void check_request(Head& head);

}  // namespace flowscope::http
