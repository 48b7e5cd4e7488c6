#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "l7/http/http_messages.h"
#include "tests/unit/l7/http/recording_sink.h"

namespace flowscope::http {
namespace {

using testing::ElementsAre;

// What is told, as lines: "> GET /a", ">  Name=value", "> [content]", "> end".
struct LineSink {
  void message(FlowSide side, const HttpRequest& request) {
    add(side, std::string(request.method) + " " + std::string(request.target));
    for (const auto& [name, value] : request.fields)
      add(side, " " + std::string(name) + "=" + std::string(value));
  }
  void message(FlowSide side, const HttpResponse& response) {
    add(side, std::to_string(response.status) + " " + std::string(response.reason));
    for (const auto& [name, value] : response.fields)
      add(side, " " + std::string(name) + "=" + std::string(value));
  }
  void message(FlowSide side, const HttpContent& content) {
    // Pieces that follow each other are one line, so that cuts make no difference.
    const std::string start = mark(side) + "[";
    const std::string text = content.missing_bytes == 0
                                 ? std::string(content.bytes.as_text())
                                 : "<" + std::to_string(content.missing_bytes) + " lost>";
    if (!lines.empty() && lines.back().starts_with(start)) {
      lines.back().insert(lines.back().size() - 1, text);
    } else {
      add(side, "[" + text + "]");
    }
  }
  void message(FlowSide side, const HttpMessageEnd& end) { add(side, end.is_cut ? "cut" : "end"); }
  void anomaly(FlowSide, const char*) {}

  static std::string mark(FlowSide side) { return side == FlowSide::Initiator ? "> " : "< "; }
  void add(FlowSide side, const std::string& text) { lines.push_back(mark(side) + text); }

  std::vector<std::string> lines;
};

static_assert(StreamParser<HttpMessageParser, LineSink>);

class HttpMessages : public testing::Test {
 protected:
  void client(std::string_view text) { send(FlowSide::Initiator, text); }
  void server(std::string_view text) { send(FlowSide::Responder, text); }
  void send(FlowSide side, std::string_view text) {
    while (!text.empty()) {
      const std::string piece(text.substr(0, cut_));
      status_ = parser_.on_bytes(side, Bytes::of(piece), Timestamp{}, sink_);
      text.remove_prefix(piece.size());
    }
  }

  size_t cut_ = SIZE_MAX;
  static constexpr size_t kPoolBytes = size_t{1} << 20;
  Arena arena_ =
      std::move(Arena::create(BufferPool::cost(kPoolBytes), Arena::Populate::Lazily).value());
  BufferPool pool_{arena_, kPoolBytes};
  HttpMessageParser parser_{ParserSetup{pool_}};
  LineSink sink_;
  ParseStatus status_ = ParseStatus::Ok;
};

TEST_F(HttpMessages, HaveHeadsWithAllFieldsContentAndEnd) {
  for (const size_t cut : {SIZE_MAX, size_t{1}, size_t{7}}) {
    SCOPED_TRACE(cut);
    cut_ = cut;
    sink_.lines.clear();
    client(
        "POST /a HTTP/1.1\r\nHost: a\r\nX-One:  1 \r\nx-one: 2\r\nContent-Length: 5\r\n\r\nhello");
    server(
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 All right\r\nTransfer-Encoding: chunked\r\n"
        "Set-Cookie: a=b\r\n\r\n3\r\nabc\r\n2;x\r\nde\r\n0\r\nT: u\r\n\r\n");
    EXPECT_THAT(
        sink_.lines,
        ElementsAre("> POST /a", ">  Host=a", ">  X-One=1", ">  x-one=2", ">  Content-Length=5",
                    "> [hello]", "> end", "< 100 Continue", "< end", "< 200 All right",
                    "<  Transfer-Encoding=chunked", "<  Set-Cookie=a=b", "< [abcde]", "< end"));
  }
}

TEST_F(HttpMessages, OfPipelinedRequestsFollowEachOther) {
  client("GET /1 HTTP/1.1\r\n\r\nHEAD /2 HTTP/1.1\r\n\r\n");
  server("HTTP/1.1 204 No\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n");
  EXPECT_THAT(sink_.lines, ElementsAre("> GET /1", "> end", "> HEAD /2", "> end", "< 204 No",
                                       "< end", "< 200 OK", "<  Content-Length=9", "< end"));
}

TEST_F(HttpMessages, RunUntilTheStreamEnds) {
  server("HTTP/1.0 200 OK\r\n\r\nuntil the end");
  EXPECT_THAT(sink_.lines, ElementsAre("< 200 OK", "< [until the end]"));
  parser_.on_end(StreamEnd::Graceful, sink_);
  EXPECT_EQ(sink_.lines.back(), "< end");
}

TEST_F(HttpMessages, AreCutByAReset) {
  server("HTTP/1.0 200 OK\r\n\r\nuntil");
  parser_.on_end(StreamEnd::Abort, sink_);
  EXPECT_THAT(sink_.lines, ElementsAre("< 200 OK", "< [until]", "< cut"));
}

TEST_F(HttpMessages, TellOfLostContent) {
  server("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab");
  (void)parser_.on_gap(FlowSide::Responder, 3, sink_);
  server("fghi");
  EXPECT_THAT(sink_.lines,
              ElementsAre("< 200 OK", "<  Content-Length=9", "< [ab<3 lost>fghi]", "< end"));
}

TEST_F(HttpMessages, AreCutByALossPastTheirEnd) {
  client("POST / HTTP/1.1\r\nContent-Length: 4\r\n\r\nab");
  (void)parser_.on_gap(FlowSide::Initiator, 30, sink_);
  EXPECT_EQ(sink_.lines.back(), "> cut");
}

TEST_F(HttpMessages, EndWithAnUpgrade) {
  client("GET / HTTP/1.1\r\nUpgrade: websocket\r\n\r\n");
  server("HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\n\r\n\x81\x05hello");
  EXPECT_EQ(status_, ParseStatus::HandOver);
  EXPECT_THAT(sink_.lines, ElementsAre("> GET /", ">  Upgrade=websocket", "> end",
                                       "< 101 Switching", "<  Upgrade=websocket", "< end"));
}

TEST(HeaderFields, AreReadOneByOne) {
  const HeaderFields fields(
      "a: 1\r\nb:2\n no name: x\r\nbad line\r\n:empty\r\nB:\r\n 3\r\n\t4\r\nlast: no end");
  std::vector<std::string> read;
  for (const HeaderField& field : fields)
    read.push_back(std::string(field.name) + "=" + std::string(field.value));
  EXPECT_THAT(read, ElementsAre("a=1", "b=2\n no name: x", "B=3\r\n\t4"));
  EXPECT_EQ(fields.find("B"), "2\n no name: x");
  EXPECT_EQ(fields.find("A"), "1");
  EXPECT_EQ(fields.find("c").data(), nullptr);
}

TEST(HeaderFields, OfNoLinesAreNone) {
  EXPECT_EQ(HeaderFields().begin(), HeaderFields().end());
  EXPECT_EQ(HeaderFields("bad\r\n").begin(), HeaderFields().end());
}

}  // namespace
}  // namespace flowscope::http
