#pragma once

#include <string>
#include <utility>
#include <variant>

#include "flowcore/base/check.h"

namespace flowscope {

// Why a set-up step failed, in one line for the user: names the file, key or port, and the mend.
struct Error {
  std::string message;
};

// A value, or the Error that kept it from being made. For set-up paths only (it may allocate); wire
// input is answered with statuses and counters instead.
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::move(value)) {}      // NOLINT(google-explicit-constructor)
  Result(Error error) : state_(std::move(error)) {}  // NOLINT(google-explicit-constructor)

  [[nodiscard]] bool ok() const { return std::holds_alternative<T>(state_); }
  // Requires: ok().
  [[nodiscard]] const T& value() const {
    FS_CHECK(ok());
    return *std::get_if<T>(&state_);
  }
  [[nodiscard]] T& value() {
    FS_CHECK(ok());
    return *std::get_if<T>(&state_);
  }
  // Requires: !ok().
  [[nodiscard]] const Error& error() const {
    FS_CHECK(!ok());
    return *std::get_if<Error>(&state_);
  }

 private:
  std::variant<T, Error> state_;
};

// A step without a value: empty, or the reason it failed.
template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error)
      : error_(std::move(error)), ok_(false) {}  // NOLINT(google-explicit-constructor)

  [[nodiscard]] bool ok() const { return ok_; }
  // Requires: !ok().
  [[nodiscard]] const Error& error() const {
    FS_CHECK(!ok_);
    return error_;
  }

 private:
  Error error_;
  bool ok_ = true;
};

}  // namespace flowscope
