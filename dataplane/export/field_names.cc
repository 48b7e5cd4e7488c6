#include "dataplane/export/field_names.h"

namespace flowscope {

const FieldNames::Name* FieldNames::look_further(const char* literal, size_t place) {
  while (names_[place].literal != nullptr) {
    if (names_[place].literal == literal) return &names_[place];
    place = (place + 1) % kPlaces;
  }
  const size_t size = std::strlen(literal);
  if (size > kNameCharsMax || count_ == kNamesMax) return nullptr;
  ++count_;
  Name& name = names_[place];
  name.literal = literal;
  name.chars = static_cast<uint32_t>(size + 3);
  name.text[0] = '"';
  std::memcpy(&name.text[1], literal, size);
  name.text[size + 1] = '"';
  name.text[size + 2] = ':';
  return &name;
}

}  // namespace flowscope
