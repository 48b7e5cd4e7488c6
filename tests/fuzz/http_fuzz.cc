#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "flowcore/base/arena.h"
#include "flowcore/base/byte_reader.h"
#include "flowcore/base/check.h"
#include "l7/http/http.h"
#include "l7/http/http_messages.h"

// The input is a script of records: one byte (bit 0 the side, bits 1 to 7 the kind), two bytes of
// length, and for all kinds but a gap that many bytes of stream.
namespace flowscope::http {
namespace {

constexpr size_t kPoolBytes = 256 * 1024;

// Reads every text of every message, so that a sanitizer sees a borrowed text that is no longer
// there.
class ReadingVisitor {
 public:
  void text(const char*, std::string_view value) {
    for (const char c : value) sum_ += static_cast<uint8_t>(c);
  }
  void number(const char*, uint64_t value) { sum_ += value; }
  void boolean(const char*, bool value) { sum_ += value ? 1 : 0; }
  void begin_object(const char*) {}
  void end_object() {}
  void begin_array(const char*) {}
  void end_array() {}

 private:
  uint64_t sum_ = 0;
};

struct CheckingSink {
  void message(FlowSide, const HttpTransaction& transaction) {
    FS_CHECK(transaction.tx_id == transactions++);
    FS_CHECK(transaction.has_request() || transaction.has_response());
    ReadingVisitor visitor;
    transaction.describe(visitor);
  }
  void anomaly(FlowSide, const char* kind) { FS_CHECK(kind != nullptr); }

  uint64_t transactions = 0;
};

// Content lies between a head and an end of its side.
struct MessageCheckingSink {
  void message(FlowSide side, const HttpRequest& request) {
    begin(side);
    for (const HeaderField& field : request.fields) FS_CHECK(!field.name.empty());
    read(request);
  }
  void message(FlowSide side, const HttpResponse& response) {
    begin(side);
    read(response);
  }
  void message(FlowSide side, const HttpContent& content) {
    FS_CHECK(is_open[index_of(side)]);
    FS_CHECK(content.bytes.empty() == (content.missing_bytes != 0));
    read(content);
  }
  void message(FlowSide side, const HttpMessageEnd&) {
    FS_CHECK(is_open[index_of(side)]);
    is_open[index_of(side)] = false;
  }
  void anomaly(FlowSide, const char* kind) { FS_CHECK(kind != nullptr); }

  void begin(FlowSide side) {
    FS_CHECK(!is_open[index_of(side)]);
    is_open[index_of(side)] = true;
  }
  template <class M>
  static void read(const M& message) {
    ReadingVisitor visitor;
    message.describe(visitor);
  }

  std::array<bool, 2> is_open{};
};

// A copy of its own, so that a look past the run is seen.
template <class Parser, class Sink>
[[gnu::noinline]] void feed(Parser& parser, FlowSide side, Bytes run, Sink& sink) {
  if (run.empty()) return;
  const std::vector<uint8_t> copy(run.begin(), run.end());
  const Bytes bytes(copy.data(), copy.size());
  (void)Parser::probe(side, bytes.first(kProbeBytes));
  (void)parser.on_bytes(side, bytes, Timestamp{1}, sink);
}

template <class Parser, class Sink>
void run_script(Bytes script, BufferPool& pool, bool hashes) {
  Sink sink;
  {
    Parser parser(ParserSetup{.buffers = pool, .hash_bodies = hashes});
    ByteReader reader(script);
    while (reader.ok() && reader.remaining() != 0) {
      const uint8_t word = reader.u8();
      const auto side = static_cast<FlowSide>(word & 1U);
      const uint16_t size = reader.u16();
      if (word >> 1U == 1) {
        if (size != 0) (void)parser.on_gap(side, size, sink);
        continue;
      }
      const Bytes run = reader.rest().first(size);
      reader.skip(run.size());
      feed(parser, side, run, sink);
    }
    parser.on_end(script.size() % 2 == 0 ? StreamEnd::Graceful : StreamEnd::Abort, sink);
  }
  FS_CHECK(pool.bytes_in_use() == 0);
}

void run_scripts(Bytes script) {
  static Arena arena =
      std::move(Arena::create(BufferPool::cost(kPoolBytes), Arena::Populate::Lazily).value());
  static BufferPool pool(arena, kPoolBytes);
  run_script<HttpParser, CheckingSink>(script, pool, script.size() % 3 == 0);
  run_script<HttpMessageParser, MessageCheckingSink>(script, pool, false);
}

}  // namespace
}  // namespace flowscope::http

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  flowscope::http::run_scripts({bytes, size});
  return 0;
}
