// Works on paths as text: nothing here accesses the file system.
#pragma once

#include "reloc/base/text.h"

namespace reloc {

// "/a/b/c" -> "/a/b"; "/a" -> "/"; "a" -> "".
string_view DirName(string_view path);
// "/a/b/c" -> "c".
string_view BaseName(string_view path);

// Returns true if `path` is `directory` or below it, by components ("/gnu/store2" is not below "/gnu/store").
bool IsBelow(string_view path, string_view directory);

// Returns true for "/a/b" without "//", "/./", "/../", a trailing slash or a NUL; false for "/".
bool IsCleanAbsolute(string_view path);
// The same for "a/b".
bool IsCleanRelative(string_view path);

}  // namespace reloc
