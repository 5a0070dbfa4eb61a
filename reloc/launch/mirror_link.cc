#include "reloc/launch/mirror_link.h"

#include <errno.h>

#include "reloc/base/file.h"
#include "reloc/base/path.h"

namespace reloc {

void AppendMirrorName(const PackDigest& digest, string_view kind, TextBuffer* name) {
  constexpr char kHex[] = "0123456789abcdef";
  for (uint8_t byte : digest) *name << kHex[byte >> 4] << kHex[byte & 15];
  *name << kind;
}

Errno FindMirror(int daemon_dir, const PackDigest& digest, string_view kind, TextBuffer* path) {
  if (daemon_dir < 0 || digest == PackDigest{}) return Errno{ENOENT};
  FixedText<64> link;
  link << kMirrorLinks << '/';
  AppendMirrorName(digest, kind, &link);
  RELOC_TRY(ReadLink(daemon_dir, link.c_str(), path));
  return IsCleanAbsolute(path->view()) ? kOk : Errno{EINVAL};
}

}  // namespace reloc
