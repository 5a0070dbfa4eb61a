#include "preload/path_search.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "reloc/base/env.h"

namespace reloc {

PathSearch::PathSearch(const char* name) : name_(name), error_(ENOENT) {
  by_path_ = strchr(name, '/') != nullptr;
  done_ = name_.empty();
  const char* path = environ == nullptr ? nullptr : EnvLookup(environ, "PATH");
  rest_ = path != nullptr ? string_view(path) : string_view("/bin:/usr/bin");  // as in confstr(_CS_PATH)
}

const char* PathSearch::Next() {
  if (done_) return nullptr;
  path_.Clear();
  if (by_path_) {
    done_ = true;
    return name_.data();  // a C string
  }
  done_ = memchr(rest_.data(), ':', rest_.size()) == nullptr;
  string_view directory = SplitFirst(rest_, ':', &rest_);
  path_ << directory;
  if (!directory.empty()) path_ << '/';  // an empty one is the working directory
  path_ << name_;
  return path_.c_str();
}

bool PathSearch::GoesOnAfter(int error) {
  switch (error) {
    case EACCES:
      error_ = EACCES;
      return true;
    case ENOENT:
    case ENOTDIR:
    case ENODEV:
    case ESTALE:
    case ETIMEDOUT:
      if (by_path_) error_ = error;
      return true;
    default:
      error_ = error;
      return false;
  }
}

}  // namespace reloc
