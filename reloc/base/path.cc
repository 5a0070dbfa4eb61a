#include "reloc/base/path.h"

namespace reloc {
namespace {

// Returns the index after the last '/' of `path`; 0 if there is none.
size_t AfterLastSlash(string_view path) {
  size_t at = path.size();
  while (at > 0 && path[at - 1] != '/') --at;
  return at;
}

}  // namespace

string_view DirName(string_view path) {
  size_t at = AfterLastSlash(path);
  if (at == 0) return string_view();
  return at == 1 ? Prefix(path, 1) : Prefix(path, at - 1);
}

string_view BaseName(string_view path) { return Suffix(path, AfterLastSlash(path)); }

bool IsBelow(string_view path, string_view directory) {
  if (!StartsWith(path, directory)) return false;
  return path.size() == directory.size() || path[directory.size()] == '/';
}

bool IsCleanAbsolute(string_view path) {
  return path.size() > 1 && path[0] == '/' && IsCleanRelative(Suffix(path, 1));
}

bool IsCleanRelative(string_view path) {
  if (path.empty()) return false;
  size_t start = 0;
  for (size_t i = 0; i <= path.size(); ++i) {
    if (i < path.size() && path[i] == '\0') return false;
    if (i < path.size() && path[i] != '/') continue;
    string_view component = Prefix(Suffix(path, start), i - start);
    if (component.empty() || component == "." || component == "..") return false;
    start = i + 1;
  }
  return true;
}

}  // namespace reloc
