#include "l7/tls/tls.h"

#include <algorithm>

#include "flowcore/base/byte_reader.h"
#include "l7/tls/client_hello.h"
#include "l7/tls/server_hello.h"

namespace flowscope::tls {
namespace {

// A C reader of the name stops at a NUL; so do we, that nothing hides behind one.
std::string_view clean_server_name(Bytes name) {
  const std::string_view text = name.first(TlsParser::kServerNameBytesMax).as_text();
  return text.substr(0, text.find('\0'));
}

// The whole names at the front of a list that fit below the limit.
Bytes cut_alpns(Bytes alpns) {
  size_t kept_bytes = 0;
  AlpnWalk walk(alpns.first(TlsParser::kAlpnBytesMax));
  while (walk.next()) kept_bytes = walk.position();
  return alpns.first(kept_bytes);
}

}  // namespace

void TlsParser::advance(FlowSide side, Bytes bytes, Turn& turn) {
  Side& mine = sides_[index_of(side)];
  while (!mine.closed && turn.status == ParseStatus::Ok) {
    const HandshakeReader::Step step = mine.reader.next(bytes);
    switch (step.found) {
      case Found::Nothing:
        return;
      case Found::ClientHello:
        on_client_hello(side, step.body, turn);
        break;
      case Found::ServerHello:
        on_server_hello(side, step.body, turn);
        break;
      case Found::DraftRetryRequest:
        mine.reader.expect_second_hello();
        break;
      case Found::Ssl2ClientHello:
        turn.fresh.version = ProtocolVersion{ByteReader(step.body).u16()};
        add_hello(side, HelloKind::Client, turn);
        break;
      case Found::Ssl2ServerHello:
        turn.fresh.version = ProtocolVersion::Ssl2;
        add_hello(side, HelloKind::Server, turn);
        break;
      case Found::Alert:
        on_alert(step.body, turn);
        break;
      case Found::Unreadable:
        close(side, turn);
        break;
      case Found::InvalidRecord:
        on_invalid_record(side, turn);
        break;
      case Found::TooLong:
        turn.anomaly = "tls_handshake_too_long";
        close(side, turn);
        break;
      case Found::NoMemory:
        turn.anomaly = "tls_memory_full";
        close(side, turn);
        break;
    }
  }
}

void TlsParser::pass_gap(FlowSide side, Turn& turn) {
  if (!sides_[index_of(side)].reader.skip_gap()) close(side, turn);
}

void TlsParser::on_client_hello(FlowSide side, Bytes body, Turn& turn) {
  const std::optional<ClientHello> hello = read_client_hello(body);
  if (!hello || !hello->sound) turn.anomaly = "tls_invalid_handshake";
  if (!hello) return close(side, turn);
  turn.fresh.version = highest_version(*hello);
  turn.fresh.has_pre_shared_key = hello->has_pre_shared_key;
  turn.fresh.server_name = clean_server_name(hello->server_name);
  turn.fresh.alpns = cut_alpns(hello->alpns);
  turn.fresh.session_id = hello->session_id;
  if (hello->extensions_whole) {
    turn.fresh.ja3_hash = turn.ja3.emplace(*hello).hash();
    turn.fresh.ja3_text = turn.ja3->text();
    turn.ja4 = make_ja4(*hello, Carrier::Tcp);
    if (turn.ja4) turn.fresh.ja4 = as_text(*turn.ja4);
  }
  add_hello(side, HelloKind::Client, turn);
}

void TlsParser::on_server_hello(FlowSide side, Bytes body, Turn& turn) {
  const std::optional<ServerHello> hello = read_server_hello(body);
  if (hello && hello->is_retry_request) return sides_[index_of(side)].reader.expect_second_hello();
  if (!hello || !hello->sound) turn.anomaly = "tls_invalid_handshake";
  if (!hello) return close(side, turn);
  turn.fresh.version = hello->negotiated_version();
  turn.fresh.has_pre_shared_key = hello->has_pre_shared_key;
  turn.fresh.alpns = cut_alpns(hello->alpns);
  turn.fresh.session_id = hello->session_id;
  if (hello->extensions_whole) {
    turn.fresh.ja3_hash = turn.ja3.emplace(*hello).hash();
    turn.fresh.ja3_text = turn.ja3->text();
  }
  add_hello(side, HelloKind::Server, turn);
}

// A fatal alert or a farewell ends the handshake: no hello will follow on either side.
void TlsParser::on_alert(Bytes body, Turn& turn) {
  alert_ = {.level = body[0], .description = body[1]};
  if (alert_.level == Alert::kFatal || alert_.description == Alert::kCloseNotify) {
    turn.status = ParseStatus::Done;
  }
}

// Poisoned only when nothing at all spoke for TLS; a server that answers a hello with something
// else must not lose us that hello.
void TlsParser::on_invalid_record(FlowSide side, Turn& turn) {
  turn.anomaly = "tls_invalid_record";
  close(side, turn);
  if (!sides_[0].reader.has_begun() && !sides_[1].reader.has_begun())
    turn.status = ParseStatus::Poisoned;
}

// Takes turn.fresh as this side's hello: it completes the record or is kept until the other one
// comes.
void TlsParser::add_hello(FlowSide side, HelloKind kind, Turn& turn) {
  if (kept_kind_ == kind) {  // both sides claim the same part; the first one has it
    turn.fresh = {};
    return close(side, turn);
  }
  client_side_ = kind == HelloKind::Client ? side : other_side(side);
  turn.fresh_kind = kind;
  close(side, turn);
  if (turn.status != ParseStatus::Ok) return;
  if (!kept_.keep(turn.fresh)) {
    turn.anomaly = "tls_memory_full";
    turn.status = ParseStatus::Done;  // half a record now is better than none later
    return;
  }
  kept_kind_ = kind;
  turn.fresh_kind = HelloKind::None;
  sides_[index_of(side)].reader.release();
}

void TlsParser::close(FlowSide side, Turn& turn) {
  sides_[index_of(side)].closed = true;
  if (sides_[index_of(other_side(side))].closed) {
    turn.status = ParseStatus::Done;
  } else if (turn.fresh_kind == HelloKind::None) {
    sides_[index_of(side)].reader.release();
  }
}

void TlsParser::finish() {
  finished_ = true;
  kept_.clear();
  for (Side& side : sides_) side.reader.release();
}

}  // namespace flowscope::tls
