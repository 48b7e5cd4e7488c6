// Counts what the program and libcrypto allocate, so it is a program of its own.
#include <gtest/gtest.h>
#include <openssl/crypto.h>

#include <cstdlib>
#include <utility>
#include <vector>

#include "l7/quic/quic.h"
#include "tests/support/counted_allocation.h"
#include "tests/unit/l7/quic/packet_sealer.h"
#include "tests/unit/l7/tls/hello_builder.h"

namespace flowscope::quic::test {
namespace {

using flowscope::testing::allocations;

uint64_t library_allocations = 0;

void* counted_malloc(size_t bytes, const char* /*file*/, int /*line*/) {
  ++library_allocations;
  return std::malloc(bytes);
}
void* counted_realloc(void* place, size_t bytes, const char* /*file*/, int /*line*/) {
  ++library_allocations;
  return std::realloc(place, bytes);
}
void counted_free(void* place, const char* /*file*/, int /*line*/) { std::free(place); }

struct CountingSink {
  uint32_t sessions = 0;
  void message(FlowSide /*side*/, const QuicSession& session) {
    sessions += session.ja3 != nullptr && session.ja3s != nullptr ? 1 : 0;
  }
  void anomaly(FlowSide /*side*/, const char* /*kind*/) {}
};

TEST(QuicAllocation, NothingIsAllocatedForAPacket) {
  ASSERT_EQ(CRYPTO_set_mem_functions(counted_malloc, counted_realloc, counted_free), 1);
  constexpr size_t kPoolBytes = size_t{1} << 20;
  const std::string hello =
      tls::test::message(1, tls::test::client_hello_body(tls::test::browser_hello(1216)));
  const std::string answer =
      tls::test::message(2, tls::test::server_hello_body(tls::test::tls13_answer()));
  const std::vector<std::pair<FlowSide, std::string>> datagrams = {
      {FlowSide::Initiator, seal_initial({}, crypto_frame(700, hello.substr(700)))},
      {FlowSide::Initiator, seal_initial({.number = 1}, crypto_frame(0, hello.substr(0, 700)))},
      {FlowSide::Initiator, seal_initial({.key_id = "another"}, crypto_frame(0, hello))},
      {FlowSide::Responder,
       seal_initial({.sender = Role::Server, .destination_id = "src", .key_id = "12345678"},
                    crypto_frame(0, answer))},
  };
  EXPECT_GT(library_allocations, 0U) << "sealing does allocate: the count works";

  auto arena = std::move(Arena::create(BufferPool::cost(kPoolBytes), Arena::Populate::Now).value());
  BufferPool pool(arena, kPoolBytes);
  CountingSink sink;
  const uint64_t before = allocations().load();
  const uint64_t library_before = library_allocations;
  for (int flow = 0; flow < 10; ++flow) {
    QuicParser parser(ParserSetup{pool});
    for (const auto& [side, datagram] : datagrams)
      parser.on_datagram(side, Bytes::of(datagram), Timestamp{}, sink);
  }
  EXPECT_EQ(sink.sessions, 10U);
  EXPECT_EQ(allocations().load(), before);
  EXPECT_EQ(library_allocations, library_before);
}

}  // namespace
}  // namespace flowscope::quic::test
