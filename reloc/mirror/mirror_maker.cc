// A mirror is made in CACHE/tmp, in this order, and renamed when it is whole:
//
//   1. read the pack's lists; compare them with its digest
//   2. find what other mirrors have already, and make room for the rest
//   3. write directories, files and symlinks                                     mirror_writer.h
//   4. write the lists of what lies there, and the notes for sharing, and for a power failure
//
// Two makers of one mirror do not wait for each other: the second to finish finds the first one's and drops
// its own. A lock would make it wait for one that may hang on a dead file server.
#include "reloc/mirror/mirror_maker.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "reloc/fault/fault.h"
#include "reloc/hosted/files.h"
#include "reloc/hosted/hash.h"
#include "reloc/hosted/status.h"
#include "reloc/launch/pack_files.h"
#include "reloc/mirror/directory_at.h"
#include "reloc/mirror/item_index.h"
#include "reloc/mirror/layout.h"
#include "reloc/mirror/mirror_plan.h"
#include "reloc/mirror/mirror_writer.h"
#include "reloc/mirror/tmp_directory.h"
#include "reloc/pack/contents.h"
#include "reloc/pack/manifest.h"

namespace reloc {
namespace {

constexpr char kMade[] = "mirror";  // in the TmpDirectory

// What is known of the pack.
struct Pack {
  std::string path;
  UniqueFd fd;
  PackLists lists;
};

std::string HashModules(const pb::Contents& contents) {
  Sha256 hash;
  for (const pb::File& file : contents.own_files()) {
    if (!IsForMirror(file)) continue;
    hash.Update(absl::StrCat(file.path().size(), ":", file.path(), file.executable(), file.sha256(),
                             file.target().size(), ":", file.target()));
  }
  const Sha256Digest digest = std::move(hash).Finish();
  return absl::BytesToHexString({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

absl::StatusOr<Pack> ReadPack(const std::string& path) {
  Pack pack;
  pack.path = path;
  RELOC_ASSIGN_OR_RETURN(pack.fd, OpenFile(path, O_RDONLY | O_DIRECTORY));
  // Compares the digest with the lists: what a wrong one says would be served to the pack that it belongs to.
  absl::StatusOr<PackLists> lists = LoadLists(path);
  if (absl::IsNotFound(lists.status())) {
    return absl::FailedPreconditionError(
        absl::StrCat(lists.status().message(), ": relocctl pack adopt makes it one"));
  }
  if (!lists.ok()) return lists.status();
  pack.lists = *std::move(lists);
  return pack;
}

// The plan, and room for it. Whoever is evicted may be a donor. `share`: with files of other mirrors.
absl::StatusOr<MirrorPlan> PlanWithRoom(const MirrorCache& cache, const MayEvict& may_evict, bool share,
                                        Pack* pack) {
  while (true) {
    Donors donors;
    if (share) {
      RELOC_ASSIGN_OR_RETURN(donors, FindDonors(cache, pack->lists.contents));
    }
    MirrorPlan plan = PlanMirror(pack->lists.manifest, &pack->lists.contents, donors);
    RELOC_ASSIGN_OR_RETURN(std::vector<Mirror> evicted, cache.MakeRoom(plan.disk_bytes, may_evict));
    if (evicted.empty()) return plan;
  }
}

absl::Status NoteAt(int mirror, const char* path, const std::string& text, const std::string& where) {
  if (::symlinkat(text.c_str(), mirror, path) == 0) return absl::OkStatus();
  return SystemError(errno, absl::StrCat("cannot create symlink ", where, "/", path));
}

// Makes the lists those of what lies in the grafted mirror `path` by now.
absl::Status DescribeGraft(const std::string& path, PackLists* lists) {
  pb::Contents& contents = lists->contents;
  contents.clear_own_files();
  RELOC_ASSIGN_OR_RETURN(std::vector<TreeFile> files, ListTree(absl::StrCat(path, "/", kPackMetaDir)));
  for (TreeFile& file : files) file.path = JoinPath(kPackMetaDir, file.path);
  RELOC_RETURN_IF_ERROR(DescribeFiles(path, files, {}, contents.mutable_own_files()));
  return SealLists(lists);
}

// A plain mirror has the pack's lists as they are, so that it goes on to be compared with the digest.
absl::Status WriteLists(const std::string& path, MirrorKind kind, PackLists* lists) {
  if (kind == MirrorKind::kGraft) RELOC_RETURN_IF_ERROR(DescribeGraft(path, lists));
  if (fault::Fails(fault::Point::kMirrorList)) {
    return SystemError(errno, absl::StrCat("cannot write ", path, "/", kContentsPath));
  }
  return SaveLists(path, *lists);
}

// The mirror's .reloc, but for what came from the pack.
absl::Status WriteMeta(const MirrorRequest& request, int made, const std::string& path, Pack* pack) {
  if (request.kind == MirrorKind::kPlain) {
    RELOC_RETURN_IF_ERROR(WriteItemIndex(pack->lists.contents, absl::StrCat(path, "/", kItemsPath)));
  }
  if (request.filter != nullptr) {
    RELOC_RETURN_IF_ERROR(request.filter->Finish(absl::StrCat(path, "/", kPackMetaDir)));
  }
  RELOC_RETURN_IF_ERROR(NoteAt(made, kOriginPath, request.pack, path));
  RELOC_RETURN_IF_ERROR(NoteAt(made, kModulesPath, HashModules(pack->lists.contents), path));
  RELOC_RETURN_IF_ERROR(WriteLists(path, request.kind, &pack->lists));
  // Last, since it goes away again: it is in no list.
  return NoteAt(made, kUnsyncedPath, BootId(), path);
}

absl::Status WriteInto(const MirrorCache& cache, const MirrorRequest& request, const MirrorPlan& plan,
                       const TmpDirectory& tmp, Pack* pack) {
  if (::mkdirat(tmp.fd(), kMade, 0700) != 0) {
    return SystemError(errno, absl::StrCat("cannot create a directory in ", tmp.path()));
  }
  RELOC_ASSIGN_OR_RETURN(UniqueFd made, OpenDirectoryAt(tmp.fd(), kMade, tmp.path()));
  const std::string path = absl::StrCat(tmp.path(), "/", kMade);
  const MirrorPlaces places{.pack = pack->fd.get(),
                            .pack_path = pack->path,
                            .mirrors = cache.mirrors_fd(),
                            .mirrors_path = absl::StrCat(cache.directory(), "/", kMirrorsDir),
                            .mirror = made.get(),
                            .mirror_path = path};
  if (request.filter != nullptr) {
    RELOC_RETURN_IF_ERROR(request.filter->Begin(pack->lists.contents, request.progress));
  }
  RELOC_RETURN_IF_ERROR(WriteMirror(plan, places, request.filter, request.progress));
  return WriteMeta(request, made.get(), path, pack);
}

// The mirror that is there already, and what to do about it.
struct Present {
  std::optional<Mirror> mirror;  // to be used
  bool replace = false;          // it is damaged, as the files may be that it shares, and may go
};

// One that is whole stays, whichever pack it was made from: it has what the digest says.
absl::StatusOr<Present> LookForPresent(const MirrorCache& cache, const MirrorId& id,
                                       const MirrorRequest& request) {
  absl::StatusOr<Mirror> found = cache.Find(id);
  if (!found.ok()) return Present{};
  absl::StatusOr<std::vector<Difference>> differences = cache.Verify(*found, request.progress);
  if (absl::IsCancelled(differences.status())) return differences.status();
  if (differences.ok() && differences->empty()) {
    RELOC_RETURN_IF_ERROR(cache.MarkUsed(id));
    if (found->damaged) RELOC_RETURN_IF_ERROR(cache.MarkDamaged(*found, false));
    found->damaged = false;
    return Present{*std::move(found), false};
  }
  if (!cache.Find(id).ok()) return Present{};  // evicted meanwhile
  if (request.may_evict && request.may_evict(*found)) return Present{std::nullopt, true};
  return absl::FailedPreconditionError(
      absl::StrCat(found->path, " is damaged, and programs use it: try again when they have ended"));
}

absl::StatusOr<Mirror> Publish(const MirrorCache& cache, const MirrorId& id, const TmpDirectory& tmp,
                               bool replace) {
  const std::string name = MirrorName(id);
  if (replace) {
    absl::Status removed = cache.Remove(id);
    if (!removed.ok() && !absl::IsNotFound(removed)) return removed;
  }
  if (fault::Fails(fault::Point::kMirrorPublish) ||
      ::renameat2(tmp.fd(), kMade, cache.mirrors_fd(), name.c_str(), RENAME_NOREPLACE) != 0) {
    // EEXIST: someone else was quicker, and made the same.
    if (errno != EEXIST) return SystemError(errno, absl::StrCat("cannot rename the mirror in ", tmp.path()));
  }
  return cache.Find(id);
}

std::string Cure(const absl::Status& status, const MirrorCache& cache) {
  return absl::StrCat(status.message(), ": make room on the disk of ", cache.directory(),
                      ", or set mirror-dir to another");
}

}  // namespace

absl::StatusOr<Mirror> MakeMirror(const MirrorCache& cache, const MirrorRequest& request) {
  RELOC_ASSIGN_OR_RETURN(Pack pack, ReadPack(request.pack));
  const MirrorId id{DigestOf(pack.lists.manifest), request.kind};
  RELOC_ASSIGN_OR_RETURN(Present present, LookForPresent(cache, id, request));
  if (present.mirror) return *std::move(present.mirror);
  if (!present.replace) RELOC_RETURN_IF_ERROR(cache.RemoveBroken(id));
  RELOC_ASSIGN_OR_RETURN(MirrorPlan plan, PlanWithRoom(cache, request.may_evict, !present.replace, &pack));
  RELOC_ASSIGN_OR_RETURN(TmpDirectory tmp, TmpDirectory::Create(cache, id));
  absl::Status written = WriteInto(cache, request, plan, tmp, &pack);
  if (absl::IsResourceExhausted(written)) return absl::ResourceExhaustedError(Cure(written, cache));
  if (!written.ok()) return written;
  return Publish(cache, id, tmp, present.replace);
}

}  // namespace reloc
