// Finds what keeps a file from being grafted: references that PrefixRewriter would miss, or would break.
#pragma once

#include <string>
#include <string_view>

#include "reloc/graft/rewrite.h"

namespace reloc {

// Returns why the content `bytes` of the file `path` (relative to its item) cannot be grafted, as the end of
// a sentence about the file: "names the store in UTF-16"; empty if it can. These are names of the store that
// are
//   - compressed (gzip, bzip2, xz, zstd, zip and formats based on it: jar, whl), also inside each other
//   - in UTF-16 or UTF-32, of either byte order
//   - in formats with checksums over their content (tar, PNG, packs of Git)
//   - split into immediate operands or vector constants by a compiler
// Files that only people read are not searched (share/doc, share/info and share/man): a name there that leads
// nowhere does no harm, and nearly all of them are compressed.
//
// Rejected: rewriting and compressing again. Programs with a table of offsets into such a file would break.
std::string FindObstacle(const PrefixRewriter& rewriter, std::string_view path, std::string_view bytes);

}  // namespace reloc
