#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "l7/parser.h"

namespace flowscope {

// Takes any description; stands for any FieldVisitor where a message is checked.
struct AnyFieldVisitor {
  void text(const char* /*name*/, std::string_view /*value*/) {}
  void number(const char* /*name*/, uint64_t /*value*/) {}
  void boolean(const char* /*name*/, bool /*value*/) {}
  void begin_object(const char* /*name*/) {}
  void end_object() {}
  void begin_array(const char* /*name*/) {}
  void end_array() {}
};

// What OwnedMessage can be made of: messages with a name and a description of their fields.
template <class M>
concept DescribesItself = requires(const M& message, AnyFieldVisitor& visitor) {
  { M::kEvent } -> std::convertible_to<std::string>;
  message.describe(visitor);
};

// A message that may be kept: a copy of all that a parser's message says of itself, by name. A
// value: it may be stored, compared and given to another thread.
//
//   [&](const Application<dns::DnsMessage>& event) {
//     kept.push_back(OwnedMessage::of(event.message));
//   }
//   kept.front().text("queries.0.rrname");
//
// Names are those of the message's EVE object, levels joined with dots, elements of arrays by their
// number from 0. Not for the packet path: it allocates, a string for each name and each text.
class OwnedMessage {
 public:
  using Value = std::variant<std::string, uint64_t, bool>;
  struct Field {
    std::string name;
    Value value;

    friend bool operator==(const Field&, const Field&) = default;
  };
  using const_iterator = std::vector<Field>::const_iterator;

  // M describes itself to a FieldVisitor and says kEvent, as messages of parsers do.
  template <class M>
  [[nodiscard]] static OwnedMessage of(const M& message);

  // The message's kEvent: "http", "dns".
  [[nodiscard]] const std::string& kind() const { return kind_; }

  // The fields in the order in which they were described.
  [[nodiscard]] const_iterator begin() const { return fields_.begin(); }
  [[nodiscard]] const_iterator end() const { return fields_.end(); }
  [[nodiscard]] size_t size() const { return fields_.size(); }
  // The first field of this name; null without one. Cost: looks at each.
  [[nodiscard]] const Value* find(std::string_view name) const {
    for (const Field& field : fields_) {
      if (field.name == name) return &field.value;
    }
    return nullptr;
  }
  // The same of one type; empty where the field is of another one. The text lives as long as the
  // message does and is not changed.
  [[nodiscard]] std::optional<std::string_view> text(std::string_view name) const {
    const auto* const value = get<std::string>(name);
    return value != nullptr ? std::optional<std::string_view>(*value) : std::nullopt;
  }
  [[nodiscard]] std::optional<uint64_t> number(std::string_view name) const {
    const auto* const value = get<uint64_t>(name);
    return value != nullptr ? std::optional<uint64_t>(*value) : std::nullopt;
  }
  [[nodiscard]] std::optional<bool> boolean(std::string_view name) const {
    const auto* const value = get<bool>(name);
    return value != nullptr ? std::optional<bool>(*value) : std::nullopt;
  }

  friend bool operator==(const OwnedMessage&, const OwnedMessage&) = default;

 private:
  class Copier;

  template <class T>
  [[nodiscard]] const T* get(std::string_view name) const {
    return std::get_if<T>(find(name));
  }

  std::string kind_;
  std::vector<Field> fields_;
};

// The FieldVisitor that makes the copy.
class OwnedMessage::Copier {
 public:
  explicit Copier(std::vector<Field>& fields) : fields_(fields) {}

  void text(const char* name, std::string_view value) { add(name, std::string(value)); }
  void number(const char* name, uint64_t value) { add(name, value); }
  void boolean(const char* name, bool value) { add(name, value); }
  void begin_object(const char* name) { enter(name); }
  void end_object() { leave(); }
  void begin_array(const char* name) { enter(name); }
  void end_array() { leave(); }

 private:
  // An object or array that is being described: how long the path to it is, and how many elements
  // without a name it has had.
  struct Level {
    size_t path_bytes = 0;
    uint32_t elements = 0;
  };

  // The path of what is described next.
  [[nodiscard]] std::string path_to(const char* name) {
    std::string path = path_;
    if (!path.empty()) path += '.';
    return path += name != nullptr ? name : std::to_string(levels_.back().elements++);
  }
  void add(const char* name, Value value) { fields_.push_back({path_to(name), std::move(value)}); }
  void enter(const char* name) {
    const size_t before = path_.size();
    path_ = path_to(name);
    levels_.push_back({before, 0});
  }
  void leave() {
    path_.resize(levels_.back().path_bytes);
    levels_.pop_back();
  }

  std::vector<Field>& fields_;
  std::string path_;
  std::vector<Level> levels_{Level{}};
};

template <class M>
OwnedMessage OwnedMessage::of(const M& message) {
  OwnedMessage copy;
  copy.kind_ = M::kEvent;
  Copier copier(copy.fields_);
  message.describe(copier);
  return copy;
}

}  // namespace flowscope
