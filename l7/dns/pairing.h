#pragma once

#include <cstdint>

namespace flowscope::dns {

// What a message has to do with those before it in its flow.
struct Pairing {
  enum class State : uint8_t {
    None,            // a query, or a message of a kind that is not paired
    Untracked,       // a query for which there was no room, so that its response finds none
    Retransmission,  // a query that waits already
    Answer,          // the response to a query
    MoreOfAnswer,    // a zone transfer goes on (RFC 5936 section 2.2)
    Duplicate,       // a query was answered before
    Unpaired,        // a response to no query that we know
  };

  State state = State::None;
  bool case_differs = false;    // the response spells the name in other cases than the query
  uint8_t retransmissions = 0;  // of the query up to its response; 255 stands for more
  uint32_t query_tx_id = 0;     // Retransmission, Answer, MoreOfAnswer: of the query, first sent
  uint64_t since_last_ns = 0;   // Answer, MoreOfAnswer: since the query was sent last
  uint64_t since_first_ns = 0;  // and since it was sent first
};

// Why a query that nobody answered is told of. Timeout: kQueryTimeoutNs are over. Overflow: it made
// room for a later one. End: the flow ended in order.
enum class Unanswered : uint8_t { Timeout, Overflow, End };

}  // namespace flowscope::dns
