// Searches the directories of PATH, one after the other.
#pragma once

#include "reloc/base/text.h"

namespace reloc {

// Lists the candidates for a program `name` by execvp(3)'s rules: `name` itself if it has a slash.
class PathSearch {
 public:
  explicit PathSearch(const char* name);
  // Returns the next candidate, or nullptr after the last; valid until the next call.
  const char* Next();
  // Notes why the last candidate was not executed; returns false if that ends the search.
  bool GoesOnAfter(int error);
  // Returns the errno of a search that found nothing.
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
