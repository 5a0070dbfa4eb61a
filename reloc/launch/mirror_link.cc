#include "reloc/launch/mirror_link.h"

#include <errno.h>
#include <fcntl.h>

#include "reloc/base/file.h"
#include "reloc/base/path.h"

namespace reloc {

void AppendMirrorName(const PackDigest& digest, string_view kind, TextBuffer* name) {
  AppendDigest(digest, name);
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

Shown IdentifyStore(string_view prefix, const FileId& store, int daemon_dir, const PackDigest& digest) {
  PathText path;
  path << prefix;
  Result<FileId> shown = IdentifyAt(AT_FDCWD, path.c_str());
  if (!shown.ok()) return Shown::kOther;
  if (*shown == store) return Shown::kPack;
  path.Clear();
  if (!FindMirror(daemon_dir, digest, kPlainMirror, &path).ok()) return Shown::kOther;
  path << prefix;
  Result<FileId> mirror = IdentifyAt(AT_FDCWD, path.c_str());
  return mirror.ok() && *shown == *mirror ? Shown::kMirror : Shown::kOther;
}

}  // namespace reloc
