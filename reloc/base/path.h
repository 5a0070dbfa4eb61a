// Paths as text: nothing here asks the file system.
#pragma once

#include "reloc/base/text.h"

namespace reloc {

// "/a/b/c" -> "/a/b"; "/a" -> "/"; "a" -> "".
string_view DirName(string_view path);
// "/a/b/c" -> "c".
string_view BaseName(string_view path);

// True if `path` is `directory` or lies below it, component-wise ("/gnu/store2" is not below "/gnu/store").
bool IsBelow(string_view path, string_view directory);

// True for "/a/b" without "//", "/./", "/../", a trailing slash or a NUL; "/" itself is not one.
bool IsCleanAbsolute(string_view path);
// The same for "a/b".
bool IsCleanRelative(string_view path);

}  // namespace reloc
