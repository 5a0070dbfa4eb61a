#include "reloc/graft/graft_paths.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <string_view>
#include <system_error>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "reloc/base/path.h"
#include "reloc/launch/graft_path.h"
#include "reloc/launch/pack_files.h"
#include "reloc/mirror/layout.h"
#include "reloc/pack/files.h"
#include "reloc/pack/status.h"

namespace reloc {
namespace {

constexpr char kShared[] = "/tmp";
constexpr char kOwn[] = "/g";  // short: it is part of a path that must not be long
constexpr char kNote[] = "graft";
constexpr size_t kMinRandom = 5;
constexpr size_t kMaxName = 255;  // NAME_MAX
constexpr int kTries = 100;

// Of characters that no shell, list of paths or #! line takes apart.
bool IsPlain(std::string_view path) {
  for (char c : path) {
    if (!absl::ascii_isalnum(static_cast<unsigned char>(c)) &&
        std::string_view("/._-").find(c) == path.npos) {
      return false;
    }
  }
  return true;
}

absl::StatusOr<std::string> RandomName(size_t size) {
  constexpr std::string_view kLetters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_";
  std::string name(size, '\0');
  if (getrandom(name.data(), size, 0) != static_cast<ssize_t>(size)) {
    return SystemError(errno, "cannot get random numbers");
  }
  for (char& c : name) c = kLetters[static_cast<unsigned char>(c) % kLetters.size()];
  return name;
}

// The directory for a path of `length` characters, and how many of them remain for the name.
absl::StatusOr<std::string> ChooseDirectory(const std::string& cache, size_t length, size_t* name) {
  const std::string own = absl::StrCat(cache, kOwn);
  for (const std::string& directory : {own, std::string(kShared)}) {
    if (length < directory.size() + 1 + kMinRandom || !IsPlain(directory)) continue;
    if (directory == kShared && !HoldsNames(kShared)) {
      return absl::FailedPreconditionError(absl::StrCat(
          kShared, " is not known to be root's and sticky, and the path of ", cache,
          " is too long for a prefix of ", length, " characters: set mirror-dir to a shorter one"));
    }
    *name = length - directory.size() - 1;
    if (*name <= kMaxName) return directory;
  }
  return absl::InvalidArgumentError(
      absl::StrCat("a store prefix of ", length, " characters cannot be rewritten: from ", kMinGraftPath,
                   " on it can, unless it is far longer than the path of ", cache));
}

absl::Status MakeOwnDirectory(const std::string& directory) {
  if (mkdir(directory.c_str(), 0700) == 0 || errno == EEXIST) return absl::OkStatus();
  return SystemError(errno, absl::StrCat("cannot create ", directory));
}

absl::StatusOr<UniqueFd> OpenOwnDirectory(const std::string& directory) {
  RELOC_RETURN_IF_ERROR(MakeOwnDirectory(directory));
  return OpenFile(directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
}

// Removes `path`, in any directory, if it is a symlink of ours into mirrors that does not lead to a mirror
// which says the same of it.
void RemoveIfStale(const std::string& path, const std::string& mirrors) {
  struct stat st;
  if (lstat(path.c_str(), &st) != 0 || !S_ISLNK(st.st_mode) || st.st_uid != geteuid()) return;
  absl::StatusOr<std::string> target = ReadSymlink(path);
  if (!target.ok() || !absl::StartsWith(*target, absl::StrCat(mirrors, "/"))) return;
  const std::string mirror = target->substr(0, target->find('/', mirrors.size() + 1));
  absl::StatusOr<std::string> noted = ReadGraftPath(mirror);
  if (noted.ok() && *noted == path) return;
  unlink(path.c_str());  // what cannot be removed is stale the next time as well
}

}  // namespace

absl::StatusOr<std::string> MakeGraftPath(const std::string& cache, const std::string& store, size_t length) {
  size_t name_size = 0;
  RELOC_ASSIGN_OR_RETURN(const std::string directory, ChooseDirectory(cache, length, &name_size));
  if (directory != kShared) RELOC_RETURN_IF_ERROR(MakeOwnDirectory(directory));
  for (int tries = 0; tries < kTries; ++tries) {
    RELOC_ASSIGN_OR_RETURN(const std::string name, RandomName(name_size));
    const std::string path = absl::StrCat(directory, "/", name);
    if (name.front() == '-') continue;  // an option, to a careless script
    if (symlink(store.c_str(), path.c_str()) == 0) return path;
    if (errno != EEXIST) return SystemError(errno, absl::StrCat("cannot create ", path));
  }
  return absl::ResourceExhaustedError(absl::StrCat("found no free name in ", directory));
}

absl::Status KeepGraftPath(const std::string& path, const std::string& store) {
  // Gone: made anew, if nobody was quicker.
  if (symlink(store.c_str(), path.c_str()) != 0 && errno != EEXIST) {
    return absl::FailedPreconditionError(
        SystemError(errno, absl::StrCat("cannot make ", path, " anew")).message());
  }
  if (const char* fault = GraftPathFault(path.c_str(), store); fault != nullptr) {
    return absl::FailedPreconditionError(absl::StrCat(fault, " ", path));
  }
  if (utimensat(AT_FDCWD, path.c_str(), nullptr, AT_SYMLINK_NOFOLLOW) == 0) return absl::OkStatus();
  return absl::FailedPreconditionError(SystemError(errno, absl::StrCat("cannot touch ", path)).message());
}

absl::Status RemoveGraftPath(const std::string& path, const std::string& store) {
  absl::StatusOr<std::string> target = ReadSymlink(path);
  if (!target.ok() || *target != store) return absl::OkStatus();
  if (unlink(path.c_str()) == 0 || errno == ENOENT) return absl::OkStatus();
  return SystemError(errno, absl::StrCat("cannot remove ", path));
}

absl::Status NoteGraftPath(const std::string& meta, const std::string& path) {
  const std::string note = absl::StrCat(meta, "/", kNote);
  if (symlink(path.c_str(), note.c_str()) == 0) return absl::OkStatus();
  return SystemError(errno, absl::StrCat("cannot create symlink ", note));
}

absl::StatusOr<std::string> ReadGraftPath(const std::string& mirror) {
  RELOC_ASSIGN_OR_RETURN(std::string path, ReadSymlink(absl::StrCat(mirror, "/", kPackMetaDir, "/", kNote)));
  if (IsCleanAbsolute(path)) return path;
  return absl::InvalidArgumentError(
      absl::StrCat(mirror, ": its graft path is no clean absolute path: ", path));
}

absl::StatusOr<GraftPathsInUse> GraftPathsInUse::Begin(const std::string& cache) {
  const std::string directory = absl::StrCat(cache, kOwn);
  RELOC_ASSIGN_OR_RETURN(UniqueFd lock, OpenOwnDirectory(directory));
  if (flock(lock.get(), LOCK_SH) == 0) return GraftPathsInUse(std::move(lock));
  return SystemError(errno, absl::StrCat("cannot lock ", directory));
}

absl::Status RemoveStaleGraftPaths(const std::string& cache) {
  const std::string own = absl::StrCat(cache, kOwn), mirrors = absl::StrCat(cache, "/", kMirrorsDir);
  RELOC_ASSIGN_OR_RETURN(UniqueFd lock, OpenOwnDirectory(own));
  if (flock(lock.get(), LOCK_EX | LOCK_NB) != 0) return absl::OkStatus();
  for (const std::string& directory : {own, std::string(kShared)}) {
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(directory, error)) {
      RemoveIfStale(entry.path(), mirrors);
    }
    if (error) return SystemError(error.value(), absl::StrCat("cannot read ", directory));
  }
  return absl::OkStatus();
}

}  // namespace reloc
