#pragma once

#include <cstdint>

#include "flowcore/base/bytes.h"
#include "flowcore/base/flow_side.h"
#include "flowcore/base/timestamp.h"
#include "l7/dns/message.h"
#include "l7/dns/pairing.h"
#include "l7/dns/pending_queries.h"
#include "l7/dns/survey.h"
#include "l7/dns/wire.h"
#include "l7/parser.h"

namespace flowscope::dns {

// After this many things in a row that are no DNS messages the flow is given up.
inline constexpr uint32_t kBadMessagesMax = 3;

// The messages of one flow: surveys them, pairs responses with queries and hands both to the sink.
// mDNS has no ids and LLMNR answers in another flow, so neither is paired. Anomalies:
//   dns_malformed              once for each message that cannot be read in full, whether what
//   could
//                              be read is reported or not
//   dns_unsolicited_response   a response to no query, where every query was seen: a flow of
//                              datagrams began with one, and none was forgotten or unreadable since
// Thread rule: that of its pool, which must outlive it. Memory: PendingQueries.
class Conversation {
 public:
  enum class Transport : uint8_t { Datagrams, Stream };

  Conversation(BufferPool& pool, Transport transport, Variant variant)
      : queries_(pool), stage_(first_stage(transport, variant)) {}

  template <class Sink>
  ParseStatus take(FlowSide side, Bytes bytes, Timestamp time, Sink& sink);
  // Tells of the queries that have waited too long at `now`. Needed by nobody but those who cannot
  // wait for the next message.
  template <class Sink>
  void expire(Timestamp now, Sink& sink);
  template <class Sink>
  void end(StreamEnd end, Sink& sink);

  [[nodiscard]] Variant variant() const {
    if (is_paired()) return Variant::Dns;
    return stage_ == Stage::Mdns ? Variant::Mdns : Variant::Llmnr;
  }

 private:
  // What the flow is, and whether a response without a query can be held against its sender. Over
  // TCP it cannot: the stream may be joined in its middle, and a query whose segment is late or
  // lost is behind its response.
  enum class Stage : uint8_t {
    Mdns,
    Llmnr,
    New,       // no message yet
    Complete,  // every query is known
    Incomplete,
  };

  static Stage first_stage(Transport transport, Variant variant);
  [[nodiscard]] bool is_paired() const { return stage_ > Stage::Llmnr; }
  void note_first_message(bool is_response);
  // There may be a query that is not known.
  void lose_history();
  [[nodiscard]] Pairing answer(FlowSide side, uint16_t id, Bytes question, Timestamp time);
  [[nodiscard]] Pairing pair_known_query(FlowSide side, uint16_t id, Bytes question,
                                         Timestamp time);
  template <class Sink>
  [[nodiscard]] Pairing ask(FlowSide side, const Survey& found, Bytes question, Timestamp time,
                            Sink& sink);
  template <class Sink>
  void give_up_oldest(Unanswered reason, Sink& sink);

  PendingQueries queries_;
  uint32_t messages_ : 31 = 0;
  uint32_t has_answered_ : 1 = 0;
  uint16_t answered_id_ = 0;  // of the query answered last
  Stage stage_;
  uint8_t bad_in_a_row_ = 0;
};

static_assert(sizeof(Conversation) <= 32);

template <class Sink>
ParseStatus Conversation::take(FlowSide side, Bytes bytes, Timestamp time, Sink& sink) {
  if (!queries_.empty()) expire(time, sink);
  const Survey found = survey(bytes);
  if (found.verdict == Verdict::NotDns) {
    lose_history();
    sink.anomaly(side, "dns_malformed");
    return ++bad_in_a_row_ < kBadMessagesMax ? ParseStatus::Ok : ParseStatus::Poisoned;
  }
  bad_in_a_row_ = 0;
  const bool is_response = found.header.has(kFlagResponse);
  if (messages_ == 0) note_first_message(is_response);
  const Bytes question = bytes.sub(kHeaderBytes, found.question_bytes);
  const Pairing pairing = !is_paired()  ? Pairing{}
                          : is_response ? answer(side, found.header.id, question, time)
                                        : ask(side, found, question, time, sink);
  sink.message(side, DnsMessage(bytes, found, messages_, variant(), pairing));
  ++messages_;
  if (found.verdict != Verdict::Sound) sink.anomaly(side, "dns_malformed");
  if (pairing.state == Pairing::State::Unpaired && stage_ == Stage::Complete)
    sink.anomaly(side, "dns_unsolicited_response");
  return ParseStatus::Ok;
}

template <class Sink>
void Conversation::expire(Timestamp now, Sink& sink) {
  while (!queries_.empty()) {
    if (now.saturating_since({queries_.front().head.first_ns}) < kQueryTimeoutNs) return;
    give_up_oldest(Unanswered::Timeout, sink);
  }
}

template <class Sink>
void Conversation::end(StreamEnd end, Sink& sink) {
  while (end == StreamEnd::Graceful && !queries_.empty()) give_up_oldest(Unanswered::End, sink);
  queries_.clear();
}

// A query begins to wait, unless it does already. When there is no room the oldest one makes some.
template <class Sink>
Pairing Conversation::ask(FlowSide side, const Survey& found, Bytes question, Timestamp time,
                          Sink& sink) {
  const DnsHeader& header = found.header;
  const bool is_one_way =  // RFC 8490 section 5.4
      header.opcode() == static_cast<uint8_t>(Opcode::Stateful) && header.id == 0;
  if (is_one_way) return {};
  const Pairing known = pair_known_query(side, header.id, question, time);
  if (known.state != Pairing::State::None) return known;
  const PendingQueries::Head head{
      .first_ns = time.ns, .last_ns = time.ns, .tx_id = messages_, .id = header.id, .asker = side};
  const bool is_readable = header.claimed[0] == 0 || !question.empty();
  while (is_readable && !queries_.push(head, question)) {
    if (queries_.empty()) break;
    give_up_oldest(Unanswered::Overflow, sink);
  }
  if (is_readable && !queries_.empty()) return {};
  lose_history();
  return {.state = Pairing::State::Untracked};
}

template <class Sink>
void Conversation::give_up_oldest(Unanswered reason, Sink& sink) {
  const PendingQueries::Entry oldest = queries_.front();
  if (oldest.head.answers == 0) {
    // Its answer may still come.
    lose_history();
    sink.message(oldest.head.asker, UnansweredQuery(oldest, reason));
  }
  queries_.pop_front();
}

}  // namespace flowscope::dns
