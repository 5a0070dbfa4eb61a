#include "reloc/mirror/mirror_cache.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "reloc/base/file.h"
#include "reloc/base/path.h"
#include "reloc/fault/fault.h"
#include "reloc/hosted/file_system.h"
#include "reloc/hosted/files.h"
#include "reloc/hosted/human_size.h"
#include "reloc/hosted/status.h"
#include "reloc/hosted/trusted_path.h"
#include "reloc/mirror/directory_at.h"
#include "reloc/mirror/layout.h"
#include "reloc/mirror/mirror_plan.h"
#include "reloc/mirror/tmp_directory.h"
#include "reloc/mirror/usage.h"
#include "reloc/pack/manifest.h"

namespace reloc {
namespace {

// bford.info/cachedir: what backups are to leave out.
constexpr char kTagName[] = "CACHEDIR.TAG";
constexpr char kTag[] =
    "Signature: 8a477f597d28d172789f06886806bc55\n# Mirrors of relocd. Can be removed when no program runs "
    "from them.\n";

constexpr char kOtherPlace[] = "set mirror-dir to a directory of your own on this host's disk";

std::string Size(uint64_t bytes) { return HumanSize(static_cast<double>(bytes)); }

bool Exists(const std::string& path) {
  struct stat st;
  return ::lstat(path.c_str(), &st) == 0;
}

// Returns `directory`, or the nearest directory on the way to it that exists.
std::string NearestExisting(std::string directory) {
  while (!Exists(directory)) directory = std::string(DirName(directory));
  return directory;
}

// The file system that `directory` will be on.
absl::StatusOr<FileSystem> RequireLocal(const std::string& directory) {
  if (!IsCleanAbsolute(directory)) {
    return absl::InvalidArgumentError(
        absl::StrCat("mirror-dir: '", directory, "' is not an absolute path without '..' and '//'"));
  }
  RELOC_ASSIGN_OR_RETURN(FileSystem fs, InspectFileSystem(NearestExisting(directory)));
  if (fs.shared.empty()) return fs;
  return absl::FailedPreconditionError(
      absl::StrCat("mirrors cannot lie in ", directory, ", which is on ", fs.shared, ": ", kOtherPlace));
}

absl::Status RequireExecution(const FileSystem& fs, const std::string& directory) {
  if (!fs.noexec) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat("programs cannot run from ", directory,
                   ", which is on a file system that is mounted noexec: ", kOtherPlace));
}

absl::Status RequirePrivate(int fd, const std::string& directory) {
  struct stat st;
  if (::fstat(fd, &st) != 0) return SystemError(errno, absl::StrCat("cannot stat ", directory));
  if (st.st_uid != ::geteuid()) {
    return absl::PermissionDeniedError(absl::StrCat(directory, " is not yours: ", kOtherPlace));
  }
  if ((st.st_mode & 077) == 0) return absl::OkStatus();
  return absl::PermissionDeniedError(
      absl::StrCat("others can enter ", directory, ": chmod 700 it, or ", kOtherPlace));
}

// A symlink of another user could lead to any directory of ours.
absl::Status RequireOwnLink(const std::string& directory) {
  struct stat st;
  if (::lstat(directory.c_str(), &st) != 0) {
    return SystemError(errno, absl::StrCat("cannot find ", directory));
  }
  if (!S_ISLNK(st.st_mode) || st.st_uid == 0 || st.st_uid == ::geteuid()) return absl::OkStatus();
  return absl::PermissionDeniedError(
      absl::StrCat(directory, " is a symlink that another user made: ", kOtherPlace));
}

// For root, who may have another user's $HOME: that user could put his own mirrors in their place.
absl::Status RequireTrusted(const std::string& directory) {
  absl::Status trusted = RequireTrustedPath(directory);
  if (trusted.ok()) return trusted;
  return absl::PermissionDeniedError(
      absl::StrCat("mirrors cannot lie in ", directory, ": ", trusted.message(), "; ", kOtherPlace));
}

absl::StatusOr<UniqueFd> OpenOwn(const std::string& directory) {
  RELOC_RETURN_IF_ERROR(RequireOwnLink(directory));
  RELOC_ASSIGN_OR_RETURN(UniqueFd fd, OpenFile(directory, O_RDONLY | O_DIRECTORY));
  RELOC_RETURN_IF_ERROR(RequirePrivate(fd.get(), directory));
  return fd;
}

absl::StatusOr<UniqueFd> MakeDirectoryAt(int parent, const char* name, const std::string& where) {
  if (::mkdirat(parent, name, 0700) != 0 && errno != EEXIST) {
    return SystemError(errno, absl::StrCat("cannot create ", where, "/", name));
  }
  return OpenDirectoryAt(parent, name, where);
}

// Nothing depends on it: a full disk shall not keep anyone from making room on it.
void AddTag(int directory) {
  Result<UniqueFd> fd = OpenAt(directory, kTagName, O_WRONLY | O_CREAT | O_EXCL, 0644);
  if (fd.ok() && !WriteAll(fd->get(), kTag).ok()) ::unlinkat(directory, kTagName, 0);
}

bool IsFromEarlierBoot(int mirror, const std::string& path) {
  absl::StatusOr<std::string> boot = ReadSymlinkAt(mirror, kUnsyncedPath, path);
  return boot.ok() && *boot != BootId();
}

// What Find says of a directory that can never be used, unlike one that cannot be read now.
bool IsBroken(const absl::Status& status) {
  return absl::IsNotFound(status) || absl::IsDataLoss(status) || absl::IsInvalidArgument(status);
}

// Compares a plain mirror with its pack's list, of which it has a part. The list has the mirror's digest.
absl::StatusOr<std::vector<Difference>> VerifyPlain(const Mirror& mirror, const ProgressCallback& progress) {
  RELOC_ASSIGN_OR_RETURN(PackLists lists, LoadLists(mirror.path));
  auto* own_files = lists.contents.mutable_own_files();
  own_files->erase(std::remove_if(own_files->begin(), own_files->end(),
                                  [](const pb::File& file) { return !IsForMirror(file); }),
                   own_files->end());
  RELOC_ASSIGN_OR_RETURN(std::vector<Difference> differences,
                         VerifyFiles(mirror.path, lists.manifest, lists.contents, progress));
  std::erase_if(differences, [](const Difference& difference) { return IsMirrorNote(difference.path); });
  return differences;
}

absl::Time UsedAt(const struct stat& st) { return absl::TimeFromTimespec(st.st_mtim); }

// Checks that `directory` can be written, or made.
absl::Status RequireWritable(const std::string& directory) {
  const std::string there = NearestExisting(directory);
  if (::access(there.c_str(), W_OK | X_OK) == 0) return absl::OkStatus();
  return SystemError(errno, absl::StrCat("cannot write to ", there));
}

}  // namespace

MirrorCache::MirrorCache(std::string directory, uint64_t limit, UniqueFd mirrors, UniqueFd tmp)
    : directory_(std::move(directory)), limit_(limit), mirrors_(std::move(mirrors)), tmp_(std::move(tmp)) {}

absl::StatusOr<uint64_t> MirrorCache::Examine(const std::string& directory) {
  RELOC_RETURN_IF_ERROR(RequireTrusted(directory));
  RELOC_ASSIGN_OR_RETURN(FileSystem fs, RequireLocal(directory));
  if (Exists(directory)) RELOC_RETURN_IF_ERROR(OpenOwn(directory).status());
  RELOC_RETURN_IF_ERROR(RequireWritable(directory));
  RELOC_RETURN_IF_ERROR(RequireExecution(fs, directory));
  return fs.free_bytes;
}

absl::StatusOr<MirrorCache> MirrorCache::Open(const std::string& directory, uint64_t limit) {
  RELOC_RETURN_IF_ERROR(RequireTrusted(directory));
  RELOC_RETURN_IF_ERROR(RequireLocal(directory).status());
  RELOC_RETURN_IF_ERROR(MakeDirectories(std::string(DirName(directory))));
  if (::mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST) {
    return SystemError(errno, absl::StrCat("cannot create ", directory));
  }
  RELOC_ASSIGN_OR_RETURN(UniqueFd fd, OpenOwn(directory));
  RELOC_ASSIGN_OR_RETURN(UniqueFd mirrors, MakeDirectoryAt(fd.get(), kMirrorsDir, directory));
  RELOC_ASSIGN_OR_RETURN(UniqueFd tmp, MakeDirectoryAt(fd.get(), kTmpDir, directory));
  AddTag(fd.get());
  return MirrorCache(directory, limit, std::move(mirrors), std::move(tmp));
}

absl::Status MirrorCache::RequireExecutable() const {
  RELOC_ASSIGN_OR_RETURN(FileSystem fs, InspectFileSystem(directory_));
  return RequireExecution(fs, directory_);
}

absl::StatusOr<Mirror> MirrorCache::Find(const MirrorId& id) const {
  const std::string name = MirrorName(id);
  const std::string where = absl::StrCat(directory_, "/", kMirrorsDir);
  Mirror mirror;
  mirror.id = id;
  mirror.path = absl::StrCat(where, "/", name);
  RELOC_ASSIGN_OR_RETURN(UniqueFd fd, OpenDirectoryAt(mirrors_.get(), name, where));
  struct stat st;
  if (::fstat(fd.get(), &st) != 0) return SystemError(errno, absl::StrCat("cannot stat ", mirror.path));
  if (st.st_uid != ::geteuid() || IsFromEarlierBoot(fd.get(), mirror.path)) {
    return absl::NotFoundError(absl::StrCat(mirror.path, " is not whole"));
  }
  mirror.used_at = UsedAt(st);
  mirror.damaged = ReadSymlinkAt(fd.get(), kDamagedPath, mirror.path).ok();
  RELOC_ASSIGN_OR_RETURN(mirror.pack, ReadSymlinkAt(fd.get(), kOriginPath, mirror.path));
  RELOC_ASSIGN_OR_RETURN(pb::Manifest manifest, LoadManifest(mirror.path));
  mirror.store_prefix = manifest.store_prefix();
  mirror.covers_all = CoversAll(manifest);
  if (id.kind == MirrorKind::kPlain && DigestOf(manifest) != id.digest) {
    return absl::DataLossError(absl::StrCat(mirror.path, " is a mirror of something else"));
  }
  return mirror;
}

bool MirrorCache::Has(const std::string& name) const {
  struct stat st;
  return ::fstatat(mirrors_.get(), name.c_str(), &st, AT_SYMLINK_NOFOLLOW) == 0 || errno != ENOENT;
}

absl::StatusOr<std::vector<Mirror>> MirrorCache::List() const {
  RELOC_ASSIGN_OR_RETURN(std::vector<std::string> names,
                         NamesIn(mirrors_.get(), absl::StrCat(directory_, "/", kMirrorsDir)));
  std::vector<Mirror> mirrors;
  for (const std::string& name : names) {
    std::optional<MirrorId> id = ParseMirrorName(name);
    if (!id) continue;
    absl::StatusOr<Mirror> mirror = Find(*id);
    if (mirror.ok()) mirrors.push_back(*std::move(mirror));
  }
  std::sort(mirrors.begin(), mirrors.end(),
            [](const Mirror& a, const Mirror& b) { return a.used_at < b.used_at; });
  return mirrors;
}

absl::Status MirrorCache::MarkUsed(const MirrorId& id) const {
  const std::string name = MirrorName(id);
  const timespec now[2] = {{.tv_sec = 0, .tv_nsec = UTIME_NOW}, {.tv_sec = 0, .tv_nsec = UTIME_NOW}};
  if (::utimensat(mirrors_.get(), name.c_str(), now, AT_SYMLINK_NOFOLLOW) == 0) return absl::OkStatus();
  return SystemError(errno, absl::StrCat("cannot set the time of ", directory_, "/", kMirrorsDir, "/", name));
}

absl::StatusOr<MirrorUsage> MirrorCache::Measure(const std::vector<Mirror>& mirrors) const {
  std::vector<std::string> names;
  for (const Mirror& mirror : mirrors) names.push_back(MirrorName(mirror.id));
  return MeasureUsage(mirrors_.get(), names, absl::StrCat(directory_, "/", kMirrorsDir));
}

absl::StatusOr<std::vector<Mirror>> MirrorCache::MakeRoom(uint64_t bytes, const MayEvict& may_evict) const {
  if (bytes > limit_) {
    return absl::ResourceExhaustedError(absl::StrCat("a mirror of ", Size(bytes), " does not fit into ",
                                                     directory_, ", which may have ", Size(limit_),
                                                     ": raise mirror-limit"));
  }
  std::vector<Mirror> evicted;
  RELOC_ASSIGN_OR_RETURN(std::vector<Mirror> mirrors, List());
  for (size_t next = 0;; ++next) {
    RELOC_ASSIGN_OR_RETURN(std::vector<Mirror> there, List());
    RELOC_ASSIGN_OR_RETURN(MirrorUsage usage, Measure(there));
    RELOC_ASSIGN_OR_RETURN(FileSystem fs, InspectFileSystem(directory_));
    if (usage.bytes + bytes <= limit_ && bytes <= fs.free_bytes) return evicted;
    // Those that may not go are passed over: this is the only loop.
    while (next < mirrors.size() && !(may_evict && may_evict(mirrors[next]))) ++next;
    if (next >= mirrors.size()) {
      return absl::ResourceExhaustedError(absl::StrCat(
          "no room for a mirror of ", Size(bytes), " in ", directory_, ": mirrors that are in use have ",
          Size(usage.bytes), " of ", Size(limit_), ", and the disk has ", Size(fs.free_bytes),
          " left: raise mirror-limit, or set mirror-dir to another disk"));
    }
    absl::Status removed = Remove(mirrors[next].id);
    if (!removed.ok() && !absl::IsNotFound(removed)) return removed;
    evicted.push_back(std::move(mirrors[next]));
  }
}

absl::Status MirrorCache::Remove(const MirrorId& id) const {
  // Renamed, and not moved into a new directory: on a full disk none can be made.
  RELOC_ASSIGN_OR_RETURN(std::string away, TmpName(id));
  const std::string name = MirrorName(id);
  if (fault::Fails(fault::Point::kMirrorRemove) ||
      ::renameat(mirrors_.get(), name.c_str(), tmp_.get(), away.c_str()) != 0) {
    return SystemError(errno, absl::StrCat("cannot remove ", directory_, "/", kMirrorsDir, "/", name));
  }
  return RemoveTreeAt(tmp_.get(), away, absl::StrCat(directory_, "/", kTmpDir));
}

absl::StatusOr<std::vector<Difference>> MirrorCache::Verify(const Mirror& mirror,
                                                            const ProgressCallback& progress) const {
  if (mirror.id.kind == MirrorKind::kPlain) return VerifyPlain(mirror, progress);
  RELOC_ASSIGN_OR_RETURN(std::vector<Difference> differences, VerifyPack(mirror.path, progress));
  // These come and go, and are therefore in no list.
  std::erase_if(differences, [](const Difference& difference) {
    return difference.path == kUnsyncedPath || difference.path == kDamagedPath;
  });
  return differences;
}

absl::Status MirrorCache::MarkDamaged(const Mirror& mirror, bool damaged) const {
  const std::string where = absl::StrCat(directory_, "/", kMirrorsDir);
  RELOC_ASSIGN_OR_RETURN(UniqueFd fd, OpenDirectoryAt(mirrors_.get(), MirrorName(mirror.id), where));
  const bool done = damaged ? ::symlinkat("differs", fd.get(), kDamagedPath) == 0 || errno == EEXIST
                            : ::unlinkat(fd.get(), kDamagedPath, 0) == 0 || errno == ENOENT;
  return done ? absl::OkStatus() : SystemError(errno, absl::StrCat(mirror.path, "/", kDamagedPath));
}

absl::Status MirrorCache::RemoveLeftovers() const {
  RELOC_RETURN_IF_ERROR(RemoveAbandoned(*this));
  RELOC_ASSIGN_OR_RETURN(std::vector<std::string> names,
                         NamesIn(mirrors_.get(), absl::StrCat(directory_, "/", kMirrorsDir)));
  for (const std::string& name : names) {
    std::optional<MirrorId> id = ParseMirrorName(name);
    if (id) RELOC_RETURN_IF_ERROR(RemoveBroken(*id));
  }
  return absl::OkStatus();
}

absl::Status MirrorCache::RemoveBroken(const MirrorId& id) const {
  // Looked at first: what is not there yet may be there, and whole, before Remove renames it.
  struct stat st;
  if (::fstatat(mirrors_.get(), MirrorName(id).c_str(), &st, AT_SYMLINK_NOFOLLOW) != 0) {
    return errno == ENOENT ? absl::OkStatus()
                           : SystemError(errno, absl::StrCat("cannot stat ", MirrorName(id)));
  }
  if (!IsBroken(Find(id).status())) return absl::OkStatus();
  absl::Status removed = Remove(id);
  return absl::IsNotFound(removed) ? absl::OkStatus() : removed;
}

absl::Status MirrorCache::Sync() const {
  RELOC_ASSIGN_OR_RETURN(std::vector<Mirror> mirrors, List());
  if (fault::Fails(fault::Point::kMirrorSync) || ::syncfs(mirrors_.get()) != 0) {
    return SystemError(errno, absl::StrCat("cannot sync the disk of ", directory_));
  }
  for (const Mirror& mirror : mirrors) {
    absl::StatusOr<UniqueFd> meta =
        OpenBelow(mirrors_.get(), absl::StrCat(MirrorName(mirror.id), "/.reloc"), directory_);
    if (absl::IsNotFound(meta.status())) continue;  // evicted meanwhile
    if (!meta.ok()) return meta.status();
    if (::unlinkat(meta->get(), BaseName(kUnsyncedPath).data(), 0) != 0 && errno != ENOENT) {
      return SystemError(errno, absl::StrCat("cannot remove ", mirror.path, "/", kUnsyncedPath));
    }
  }
  return absl::OkStatus();
}

}  // namespace reloc
