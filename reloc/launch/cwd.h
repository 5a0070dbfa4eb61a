// Keeps the caller's working directory across a change of mount namespace.
//
// setns(2) into a mount namespace moves the process to that namespace's root. The way back is by path:
// through a descriptor, getcwd(3) would return "(unreachable)/...", because the old namespace's mount is no
// longer ours. For a directory that was deleted the only way back is by descriptor, and there getcwd returns
// ENOENT as before.
//
// "/" and the levels above the store prefix are different directories in a staged root than on the host, and
// these are the right ones: there the path decides.
#pragma once

#include "reloc/base/file.h"
#include "reloc/base/result.h"
#include "reloc/base/text.h"
#include "reloc/base/unique_fd.h"

namespace reloc {

class SavedCwd {
 public:
  // Never fails: Restore() leaves alone what cannot be determined here.
  void Save();
  Errno Restore() const;
  // Returns the directory's path; empty if it has none (deleted, unreachable).
  string_view path() const { return path_.view(); }

 private:
  bool IsStaged(const FileId& now, const FileId& then) const;

  PathText path_;
  UniqueFd fd_;
  FileId root_;  // of "/"
};

}  // namespace reloc
