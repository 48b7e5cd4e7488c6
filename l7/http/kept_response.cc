#include "l7/http/kept_response.h"

#include <algorithm>

namespace flowscope::http {

namespace {

constexpr std::array kFields = {&ResponseFields::content_type,  &ResponseFields::location,
                                &ResponseFields::server,        &ResponseFields::content_encoding,
                                &ResponseFields::content_range, &ResponseFields::upgrade};

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

void KeptResponse::keep(const ResponseFields& fields, Texts texts) {
  static_assert(kFields.size() == kTexts);
  texts_.clear();
  time_ = fields.time;
  status_ = fields.status;
  minor_version_ = fields.minor_version;
  truncated_ = fields.truncated;
  for (size_t i = 0; i < kTexts; ++i) {
    const std::string_view text = fields.*kFields[i];
    text_bytes_[i] = static_cast<uint16_t>(text.size());
    const bool kept = texts == Texts::Folded ? append_unfolded(texts_, text)
                                             : text.empty() || texts_.append(Bytes::of(text));
    if (kept) continue;
    texts_.clear();
    truncated_ = true;
    return;
  }
}

ResponseFields KeptResponse::fields() const {
  ResponseFields fields;
  Bytes texts = texts_.bytes();
  for (size_t i = 0; i < kTexts; ++i) {
    fields.*kFields[i] = texts.first(text_bytes_[i]).as_text();
    texts = texts.after(text_bytes_[i]);
  }
  fields.time = time_;
  fields.status = status_;
  fields.minor_version = minor_version_;
  fields.truncated = truncated_;
  return fields;
}

}  // namespace flowscope::http
