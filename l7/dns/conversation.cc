#include "l7/dns/conversation.h"

#include <limits>

namespace flowscope::dns {

namespace {

uint8_t one_more(uint8_t count) {
  return count == std::numeric_limits<uint8_t>::max() ? count : static_cast<uint8_t>(count + 1);
}

}  // namespace

Conversation::Stage Conversation::first_stage(Transport transport, Variant variant) {
  switch (variant) {
    case Variant::Mdns:
      return Stage::Mdns;
    case Variant::Llmnr:
      return Stage::Llmnr;
    case Variant::Dns:
      break;
  }
  return transport == Transport::Datagrams ? Stage::New : Stage::Incomplete;
}

void Conversation::lose_history() {
  if (is_paired()) stage_ = Stage::Incomplete;
}

void Conversation::note_first_message(bool is_response) {
  if (is_response) return lose_history();
  if (stage_ == Stage::New) stage_ = Stage::Complete;
}

Pairing Conversation::pair_known_query(FlowSide side, uint16_t id, Bytes question, Timestamp time) {
  if (queries_.empty()) return {};
  const PendingQueries::Position position = queries_.find(id, side, question);
  if (position == PendingQueries::kNone) return {};
  PendingQueries::Head head = queries_.at(position).head;
  if (head.answers != 0) {
    // It was kept for more answers only: the id is in use again.
    queries_.remove(position);
    return {};
  }
  head.last_ns = time.ns;
  head.retransmissions = one_more(head.retransmissions);
  queries_.set(position, head);
  return {.state = Pairing::State::Retransmission, .query_tx_id = head.tx_id};
}

// A response that repeats no question that can be read is told by its id alone: refusals, later
// messages of a zone transfer, what a snap length cut.
Pairing Conversation::answer(FlowSide side, uint16_t id, Bytes question, Timestamp time) {
  using State = Pairing::State;
  const FlowSide asker = other_side(side);
  const PendingQueries::Position position =
      question.empty() ? queries_.find(id, asker) : queries_.find(id, asker, question);
  if (position == PendingQueries::kNone) {
    const bool is_again = has_answered_ != 0 && answered_id_ == id;
    return {.state = is_again ? State::Duplicate : State::Unpaired};
  }
  const PendingQueries::Entry entry = queries_.at(position);
  PendingQueries::Head head = entry.head;
  Pairing pairing{.state = State::Answer,
                  .case_differs = !question.empty() && !(question == entry.question),
                  .retransmissions = head.retransmissions,
                  .query_tx_id = head.tx_id,
                  .since_last_ns = time.saturating_since({head.last_ns}),
                  .since_first_ns = time.saturating_since({head.first_ns})};
  if (head.answers != 0)
    pairing.state = entry.is_transfer() ? State::MoreOfAnswer : State::Duplicate;
  head.answers = one_more(head.answers);
  if (entry.is_transfer()) {
    // It lasts as long as its messages come.
    if (pairing.state == State::MoreOfAnswer) head.first_ns = time.ns;
    queries_.set(position, head);
  } else if (head.answers <= head.retransmissions) {
    queries_.set(position, head);
  } else {
    queries_.remove(position);
  }
  has_answered_ = 1;
  answered_id_ = id;
  return pairing;
}

}  // namespace flowscope::dns
