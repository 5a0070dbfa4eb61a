// The directories of PATH, one after the other.
#pragma once

#include "reloc/base/text.h"

namespace reloc {

// The candidates for a program called `name` by execvp(3)'s rules: `name` itself if it has a slash.
class PathSearch {
 public:
  explicit PathSearch(const char* name);
  // The next candidate, or nullptr after the last; valid until the next call.
  const char* Next();
  // Notes why the last candidate was not executed; false if that ends the search.
  bool GoesOnAfter(int error);
  // The search's errno once it came to nothing.
  int error() const { return error_; }

 private:
  string_view name_;
  string_view rest_;
  bool by_path_ = false;
  bool done_ = false;
  int error_;
  PathText path_;
};

}  // namespace reloc
