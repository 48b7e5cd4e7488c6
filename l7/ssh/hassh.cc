#include "l7/ssh/hassh.h"

#include <algorithm>

namespace flowscope::ssh {

Hassh::Hassh(const KexInit& init, Role role) {
  const std::string_view pieces[] = {init.kex,
                                     ";",
                                     init.ciphers.sent_by(role),
                                     ";",
                                     init.macs.sent_by(role),
                                     ";",
                                     init.compressions.sent_by(role)};
  Md5 md5;
  for (const std::string_view piece : pieces) {
    md5.update(Bytes::of(piece));
    if (piece.size() <= kTextBytesMax && text_bytes_ <= kTextBytesMax - piece.size()) {
      std::copy(piece.begin(), piece.end(), text_.begin() + static_cast<ptrdiff_t>(text_bytes_));
    }
    text_bytes_ += piece.size();
  }
  const auto digest = md5.finish();
  write_hex(Bytes(digest.data(), digest.size()), hash_);
}

}  // namespace flowscope::ssh
