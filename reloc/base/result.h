// Errors of the freestanding layers: an errno, or a value.
//
// No exceptions, no std::expected (C++23), no absl::Status (it allocates): these layers also run in the shim
// and between clone and exec. Whatever a reader needs beyond the errno (step, path, hint) is added where the
// error is reported: launch/failure.h.
#pragma once

#include <errno.h>

#include <utility>

namespace reloc {

// An errno value; 0 is success. [[nodiscard]], so that no failing system call is ignored.
struct [[nodiscard]] Errno {
  int value = 0;
  constexpr bool ok() const { return value == 0; }
  static Errno Last() { return Errno{errno}; }
};

inline constexpr Errno kOk{0};

template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : value_(std::move(value)) {}     // NOLINT(google-explicit-constructor)
  Result(Errno error) : value_(), error_(error) {}  // NOLINT(google-explicit-constructor)

  bool ok() const { return error_.ok(); }
  Errno error() const { return error_; }
  T& operator*() & { return value_; }
  const T& operator*() const& { return value_; }
  T&& operator*() && { return std::move(value_); }
  T* operator->() { return &value_; }
  const T* operator->() const { return &value_; }

 private:
  T value_;
  Errno error_;
};

}  // namespace reloc

// Evaluates an expression of type Errno, and returns it to the caller if it is an error.
#define RELOC_TRY(expression)                                                          \
  do {                                                                                 \
    if (::reloc::Errno try_error_ = (expression); !try_error_.ok()) return try_error_; \
  } while (false)
