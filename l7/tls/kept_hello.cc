#include "l7/tls/kept_hello.h"

#include "flowcore/base/check.h"

namespace flowscope::tls {

bool KeptHello::keep(const HelloFields& fields) {
  const std::array<Bytes, kTexts> texts = {
      Bytes::of(fields.server_name),
      fields.alpns,
      fields.session_id,
      Bytes::of(fields.ja3_text),
      Bytes::of(fields.ja3_hash),
      Bytes::of(fields.ja4),
  };
  texts_.clear();
  for (size_t i = 0; i < kTexts; ++i) {
    FS_DCHECK(texts[i].size() <= UINT16_MAX);
    text_bytes_[i] = static_cast<uint16_t>(texts[i].size());
    if (!texts_.append(texts[i])) {
      texts_.clear();
      return false;
    }
  }
  version_ = fields.version;
  has_pre_shared_key_ = fields.has_pre_shared_key;
  return true;
}

HelloFields KeptHello::fields() const {
  ByteReader reader(texts_.bytes());
  HelloFields fields;
  fields.version = version_;
  fields.has_pre_shared_key = has_pre_shared_key_;
  fields.server_name = reader.bytes(text_bytes_[0]).as_text();
  fields.alpns = reader.bytes(text_bytes_[1]);
  fields.session_id = reader.bytes(text_bytes_[2]);
  fields.ja3_text = reader.bytes(text_bytes_[3]).as_text();
  fields.ja3_hash = reader.bytes(text_bytes_[4]).as_text();
  fields.ja4 = reader.bytes(text_bytes_[5]).as_text();
  return fields;
}

}  // namespace flowscope::tls
