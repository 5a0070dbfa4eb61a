// The caller's working directory, kept across a change of mount namespace.
//
// setns(2) into a mount namespace moves the process to that namespace's root. By path is the right way back:
// through a descriptor getcwd(3) would say "(unreachable)/...", since the old namespace's mount is not ours
// any more. By descriptor is the only way back to a directory that has been deleted, and there getcwd says
// what it said before: ENOENT.
//
// "/" and the levels above the store prefix are other directories in a staged root than on the host, and the
// right ones: there the path decides.
#pragma once

#include "reloc/base/file.h"
#include "reloc/base/result.h"
#include "reloc/base/text.h"
#include "reloc/base/unique_fd.h"

namespace reloc {

class SavedCwd {
 public:
  // Never fails: what cannot be found out is left alone by Restore().
  void Save();
  Errno Restore() const;
  // Empty if the directory has no path (deleted, unreachable).
  string_view path() const { return path_.view(); }

 private:
  bool IsStaged(const FileId& now, const FileId& then) const;

  PathText path_;
  UniqueFd fd_;
  FileId root_;  // of "/"
};

}  // namespace reloc
