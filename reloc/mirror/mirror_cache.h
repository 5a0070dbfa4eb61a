// The directory that holds a user's mirrors.
#pragma once

#include <stdint.h>

#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "reloc/base/unique_fd.h"
#include "reloc/hosted/progress.h"
#include "reloc/mirror/mirror.h"
#include "reloc/pack/verify.h"

namespace reloc {

// What mirrors take on the disk, as du(1) counts: blocks, each inode once.
struct MirrorUsage {
  uint64_t bytes = 0;         // of all
  std::vector<uint64_t> own;  // of each: what only it has, and its removal would free
};

// Asked before a mirror is evicted. True: it may go, and is withdrawn from launches by now; false: it is in
// use.
using MayEvict = std::function<bool(const Mirror&)>;

// A path into a cache. Several processes may use one cache at a time, also to make and to remove the same
// mirrors; one object is for one thread. Opening is cheap: whoever lives for long opens a new one for each
// task, since a cleaner may have removed the directories that an old one holds.
class MirrorCache {
 public:
  // `directory` is absolute; it is made (0700) with what is missing above it. `limit` is in bytes.
  //
  // Refused, with the cure (FailedPrecondition, PermissionDenied): a directory on a network file system, one
  // that is not the user's own or that others can enter, a symlink that another user made.
  static absl::StatusOr<MirrorCache> Open(const std::string& directory, uint64_t limit);

  // What Open and RequireExecutable would refuse, and how much room there is (bytes). Makes nothing:
  // `directory` need not be there.
  static absl::StatusOr<uint64_t> Examine(const std::string& directory);

  // FailedPrecondition, with the cure: programs cannot run from here, since it is mounted noexec.
  absl::Status RequireExecutable() const;

  const std::string& directory() const { return directory_; }
  uint64_t limit() const { return limit_; }

  // Returns whether there is something by the name of a mirror, whole or not.
  bool Has(const std::string& name) const;

  // All mirrors that are whole, the one used least recently first. What is half-made, or was not on the disk
  // when the power failed, is none.
  absl::StatusOr<std::vector<Mirror>> List() const;
  // NotFound if there is none.
  absl::StatusOr<Mirror> Find(const MirrorId& id) const;

  // The mirror is used now: it is evicted later than others. Survives the daemon: it is the directory's
  // mtime.
  absl::Status MarkUsed(const MirrorId& id) const;

  // Asks for the attributes of every file: milliseconds for 1,000 files.
  absl::StatusOr<MirrorUsage> Measure(const std::vector<Mirror>& mirrors) const;

  // Evicts the mirrors used least recently that `may_evict` allows until `bytes` more fit into the limit and
  // on the disk, and returns the evicted. ResourceExhausted, naming the sizes, if that cannot be: then
  // nothing is evicted when `bytes` is above the limit, else perhaps some.
  absl::StatusOr<std::vector<Mirror>> MakeRoom(uint64_t bytes, const MayEvict& may_evict) const;

  // Renames the mirror away, so that no new launch finds it, and removes it. What runs from it loses its
  // files: asking who does is the caller's part. NotFound if there is none.
  absl::Status Remove(const MirrorId& id) const;

  // Notes that files of the mirror differ, or that they do not any more.
  absl::Status MarkDamaged(const Mirror& mirror, bool damaged) const;

  // Compares every file with what was written: see VerifyPack. Paths are relative to the mirror.
  absl::StatusOr<std::vector<Difference>> Verify(const Mirror& mirror,
                                                 const ProgressCallback& progress) const;

  // Removes what makers and removers left that were killed, and mirrors that were not on the disk when the
  // power failed. Leaves alone what is being made by others that live. For the start of a daemon, and prune.
  absl::Status RemoveLeftovers() const;

  // Waits until all that was made is on the disk (which may take long: nothing is waiting for it), and notes
  // so. Until then a mirror is used but does not outlive a power failure. After MakeMirror.
  absl::Status Sync() const;

  // For MakeMirror: removes what bears the mirror's name and can never be used; else does nothing.
  absl::Status RemoveBroken(const MirrorId& id) const;
  // For MakeMirror: descriptors of the two directories, for *at(2) calls.
  int mirrors_fd() const { return mirrors_.get(); }
  int tmp_fd() const { return tmp_.get(); }

 private:
  MirrorCache(std::string directory, uint64_t limit, UniqueFd mirrors, UniqueFd tmp);

  std::string directory_;
  uint64_t limit_;
  UniqueFd mirrors_;
  UniqueFd tmp_;
};

}  // namespace reloc
