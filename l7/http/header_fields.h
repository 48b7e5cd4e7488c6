#pragma once

#include <cstddef>
#include <iterator>
#include <string_view>

#include "l7/parser.h"

namespace flowscope::http {

// One field of a head: its name as sent, its value without blanks around it. A folded value (RFC
// 9112 section 5.2) holds its line ends. Texts are borrowed.
struct HeaderField {
  std::string_view name;
  std::string_view value;
};

// The fields of a head in their order, repeated ones as often as they came, read from its lines as
// one goes through them. Lines without a colon and lines in front of the first field that begin
// with a blank are left out. Thread rule: a value. Lifetime: that of the lines. Cost: one search a
// line.
class HeaderFields {
 public:
  class Iterator {
   public:
    using iterator_category = std::input_iterator_tag;
    using value_type = HeaderField;
    using difference_type = std::ptrdiff_t;
    using pointer = const HeaderField*;
    using reference = const HeaderField&;

    Iterator() = default;
    explicit Iterator(std::string_view lines) : rest_(lines), at_end_(false) { ++*this; }

    reference operator*() const { return field_; }
    pointer operator->() const { return &field_; }
    Iterator& operator++();
    Iterator operator++(int) {
      Iterator before = *this;
      ++*this;
      return before;
    }
    friend bool operator==(const Iterator& a, const Iterator& b) {
      return a.at_end_ == b.at_end_ && (a.at_end_ || a.rest_.data() == b.rest_.data());
    }

   private:
    HeaderField field_;
    std::string_view rest_;  // the lines behind this field
    bool at_end_ = true;
  };

  HeaderFields() = default;
  // `lines` end in line ends; a last one without is left out.
  explicit HeaderFields(std::string_view lines) : lines_(lines) {}

  [[nodiscard]] Iterator begin() const { return Iterator(lines_); }
  [[nodiscard]] Iterator end() const { return {}; }
  // The value of the first field of this name, in any case; empty, with data() null, without one.
  [[nodiscard]] std::string_view find(std::string_view name) const;

 private:
  std::string_view lines_;
};

// Tells a visitor the fields, as EVE does where all are wanted: "headers" of "name" and "value".
template <FieldVisitor V>
void describe_fields(V& visitor, const HeaderFields& fields) {
  visitor.begin_array("headers");
  for (const HeaderField& field : fields) {
    visitor.begin_object(nullptr);
    visitor.text("name", field.name);
    visitor.text("value", field.value);
    visitor.end_object();
  }
  visitor.end_array();
}

}  // namespace flowscope::http
