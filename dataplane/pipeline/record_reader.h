#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

#include "dataplane/pipeline/flow_heads.h"
#include "dataplane/pipeline/flow_image.h"
#include "dataplane/pipeline/flow_record.h"
#include "dataplane/pipeline/record.h"
#include "dataplane/pipeline/record_encoder.h"
#include "flowcore/base/bytes.h"
#include "flowcore/base/check.h"

namespace flowscope {

// One record as it lies in a ring, read by the exporter. Borrows the bytes until the ring's
// release().
class RecordReader {
 public:
  // Requires: the bytes of one record that a RecordRing wrote.
  RecordReader(Bytes record, const FlowHeads& heads) : body_(record) {
    FS_DCHECK(!record.empty());
    const auto kind = static_cast<RecordKind>(record[0]);
    if (kind == RecordKind::Flow || kind == RecordKind::Interim) {
      read_flow(heads);
    } else {
      head_ = take<RecordHead>(body_);
    }
  }

  [[nodiscard]] const RecordHead& head() const { return head_; }
  // Requires: a record of kind Flow or Interim.
  [[nodiscard]] const FlowRecord& flow() const {
    FS_DCHECK(head_.kind == RecordKind::Flow || head_.kind == RecordKind::Interim);
    return flow_;
  }
  // Tells the visitor every field of the message, as the message itself would, and last a boolean
  // "truncated" where something had to be left out. Requires: a record of kind Message.
  template <FieldVisitor V>
  void replay(V& visitor) const;

 private:
  // Takes a value from the front of the tokens.
  template <class T>
  static T take(Bytes& tokens) {
    FS_DCHECK(tokens.size() >= sizeof(T));
    T value;
    std::memcpy(&value, tokens.begin(), sizeof value);
    tokens = tokens.after(sizeof value);
    return value;
  }
  void read_flow(const FlowHeads& heads);
  template <FieldVisitor V>
  static void replay_text(Bytes& tokens, V& visitor) {
    const auto* name = take<const char*>(tokens);
    const auto size = take<uint32_t>(tokens);
    visitor.text(name, tokens.first(size).as_text());
    tokens = tokens.after(size);
  }

  RecordHead head_;
  Bytes body_;
  FlowRecord flow_;  // of a record of kind Flow or Interim
};

template <FieldVisitor V>
void RecordReader::replay(V& visitor) const {
  FS_DCHECK(head_.kind == RecordKind::Message);
  Bytes tokens = body_;
  while (!tokens.empty()) {
    switch (take<TokenKind>(tokens)) {
      case TokenKind::Text:
        replay_text(tokens, visitor);
        break;
      case TokenKind::Number: {
        const auto* name = take<const char*>(tokens);
        visitor.number(name, take<uint64_t>(tokens));
        break;
      }
      case TokenKind::True:
        visitor.boolean(take<const char*>(tokens), true);
        break;
      case TokenKind::False:
        visitor.boolean(take<const char*>(tokens), false);
        break;
      case TokenKind::BeginObject:
        visitor.begin_object(take<const char*>(tokens));
        break;
      case TokenKind::BeginArray:
        visitor.begin_array(take<const char*>(tokens));
        break;
      case TokenKind::EndObject:
        visitor.end_object();
        break;
      case TokenKind::EndArray:
        visitor.end_array();
        break;
      case TokenKind::Truncated:
        visitor.boolean("truncated", true);
        break;
    }
  }
}

}  // namespace flowscope
