// Passes errors to the caller. Messages are one line: what failed, on which path, and what would fix it.
#pragma once

#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

// Returns a failing absl::Status to the caller.
#define RELOC_RETURN_IF_ERROR(expression)                                   \
  do {                                                                      \
    if (absl::Status status_ = (expression); !status_.ok()) return status_; \
  } while (false)

// RELOC_ASSIGN_OR_RETURN(auto value, Compute()): takes the value or returns the error to the caller.
#define RELOC_ASSIGN_OR_RETURN(declaration, expression) \
  RELOC_ASSIGN_OR_RETURN_(RELOC_CONCAT_(status_or_, __LINE__), declaration, expression)
#define RELOC_ASSIGN_OR_RETURN_(temporary, declaration, expression) \
  auto temporary = (expression);                                    \
  if (!temporary.ok()) return std::move(temporary).status();        \
  declaration = *std::move(temporary)
#define RELOC_CONCAT_(a, b) RELOC_CONCAT_INNER_(a, b)
#define RELOC_CONCAT_INNER_(a, b) a##b
