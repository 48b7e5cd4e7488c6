#include "l7/http/kept_response.h"

#include <algorithm>

namespace flowscope::http {

namespace {

[[nodiscard]] bool append_unfolded(Buffer& buffer, std::string_view text) {
  while (!text.empty()) {
    const size_t plain = std::min(text.find_first_of("\r\n"), text.size());
    if (!buffer.append(Bytes::of(text.substr(0, plain)))) return false;
    text.remove_prefix(plain);
    if (text.empty()) return true;
    if (!buffer.append(Bytes::of(" "))) return false;
    text.remove_prefix(1);
  }
  return true;
}

}  // namespace

void KeptResponse::keep(const ResponseFields& fields) {
  texts_.clear();
  content_type_bytes_ = static_cast<uint16_t>(fields.content_type.size());
  status_ = fields.status;
  minor_version_ = fields.minor_version;
  truncated_ = fields.truncated;
  if (append_unfolded(texts_, fields.content_type) && append_unfolded(texts_, fields.location))
    return;
  texts_.clear();
  truncated_ = true;
}

ResponseFields KeptResponse::fields() const {
  ResponseFields fields;
  fields.content_type = texts_.bytes().first(content_type_bytes_).as_text();
  fields.location = texts_.bytes().after(content_type_bytes_).as_text();
  fields.status = status_;
  fields.minor_version = minor_version_;
  fields.truncated = truncated_;
  return fields;
}

}  // namespace flowscope::http
