#pragma once

#include <cstdint>
#include <cstring>
#include <optional>
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
      head_ = body_.take<RecordHead>();
    }
  }

  [[nodiscard]] const RecordHead& head() const { return head_; }
  // Whether it is of kind Flow or Interim.
  [[nodiscard]] bool tells_of_flow() const { return flow_.has_value(); }
  // Requires: tells_of_flow().
  [[nodiscard]] const FlowRecord& flow() const {
    FS_DCHECK(tells_of_flow());
    return *flow_;
  }
  // Tells the visitor every field of the message, as the message itself would, and last a boolean
  // "truncated" where something had to be left out. Requires: a record of kind Message.
  template <FieldVisitor V>
  void replay(V& visitor) const;

 private:
  // Takes what lies in the record from front to back: blocks that a RecordRing put there itself, so
  // that their sizes are not asked for again.
  class Cursor {
   public:
    explicit Cursor(Bytes bytes) : at_(bytes.begin()), end_(bytes.end()) {}
    [[nodiscard]] bool at_end() const { return at_ == end_; }
    template <class T>
    T take() {
      T value;
      std::memcpy(&value, pass(sizeof value), sizeof value);
      return value;
    }
    std::string_view take_text(size_t size) { return Bytes(pass(size), size).as_text(); }
    const char* take_name() { return take<const char*>(); }

   private:
    const uint8_t* pass(size_t size) {
      FS_DCHECK(size <= static_cast<size_t>(end_ - at_));
      const uint8_t* passed = at_;
      at_ += size;
      return passed;
    }

    const uint8_t* at_;
    const uint8_t* end_;
  };

  void read_flow(const FlowHeads& heads);

  RecordHead head_;
  Cursor body_;
  std::optional<FlowRecord> flow_;
};

template <FieldVisitor V>
void RecordReader::replay(V& visitor) const {
  FS_DCHECK(head_.kind == RecordKind::Message);
  Cursor tokens = body_;
  while (!tokens.at_end()) {
    switch (tokens.take<TokenKind>()) {
      case TokenKind::Text: {
        const char* name = tokens.take_name();
        const auto size = tokens.take<uint32_t>();
        visitor.text(name, tokens.take_text(size));
        break;
      }
      case TokenKind::Number: {
        const char* name = tokens.take_name();
        visitor.number(name, tokens.take<uint64_t>());
        break;
      }
      case TokenKind::True:
        visitor.boolean(tokens.take_name(), true);
        break;
      case TokenKind::False:
        visitor.boolean(tokens.take_name(), false);
        break;
      case TokenKind::BeginObject:
        visitor.begin_object(tokens.take_name());
        break;
      case TokenKind::BeginArray:
        visitor.begin_array(tokens.take_name());
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
