#pragma once

#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "flowcore/base/arena.h"
#include "flowcore/base/buffer_pool.h"
#include "tests/unit/l7/tls/recording_sink.h"

namespace flowscope::tls::test {

// A pool, a sink and one parser after another, for tests of TlsParser and DtlsParser.
template <class Parser>
class ParserRig : public ::testing::Test {
 protected:
  static constexpr size_t kPoolBytes = size_t{4} << 20;

  // Begins anew with an unused parser.
  void restart() {
    Parser parser{ParserSetup{pool_}};
    std::swap(parser, parser_);
    sink_ = {};
  }
  void end() { parser_.on_end(StreamEnd::Graceful, sink_); }
  [[nodiscard]] bool session_has(const std::string& text) const {
    return sink_.sessions.size() == 1 && sink_.sessions[0].find(text) != std::string::npos;
  }

  Arena arena_ =
      std::move(Arena::create(BufferPool::cost(kPoolBytes), Arena::Populate::Lazily).value());
  BufferPool pool_{arena_, kPoolBytes};
  Parser parser_{ParserSetup{pool_}};
  RecordingSink sink_;
};

}  // namespace flowscope::tls::test
