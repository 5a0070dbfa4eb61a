// What keeps a file from being grafted: references that PrefixRewriter would miss, or would break.
#pragma once

#include <string>
#include <string_view>

#include "reloc/graft/rewrite.h"

namespace reloc {

// Why the content `bytes` of the file `path` (relative to its item) cannot be grafted, as the end of a
// sentence about the file: "names the store in UTF-16"; empty if it can. Names of the store that are
//   - compressed (gzip, bzip2, xz, zstd, zip and what is one: jar, whl), also one in the other
//   - in UTF-16 or UTF-32, of either byte order
//   - in formats with checksums over what they hold (tar, PNG, packs of Git)
//   - cut into immediate operands or vector constants by a compiler
// Not looked for in what only people read, share/doc, share/info and share/man: a name there that leads
// nowhere harms nobody, and nearly all of it is compressed.
//
// Rejected: to rewrite and compress again. Programs with a table of offsets into such a file would break.
std::string FindObstacle(const PrefixRewriter& rewriter, std::string_view path, std::string_view bytes);

}  // namespace reloc
