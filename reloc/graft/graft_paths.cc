#include "reloc/graft/graft_paths.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <string_view>
#include <system_error>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "reloc/base/path.h"
#include "reloc/graft/graft_directory.h"
#include "reloc/hosted/files.h"
#include "reloc/hosted/status.h"
#include "reloc/launch/graft_path.h"
#include "reloc/launch/pack_files.h"

namespace reloc {
namespace {

constexpr char kOwn[] = "/g";  // short: it is part of a path that must not be long
constexpr char kNote[] = "graft";
constexpr size_t kMinOwnName = 5;
constexpr size_t kMinName = 2;
constexpr size_t kMaxName = 255;  // NAME_MAX
constexpr int kTries = 1000;

// Returns whether `path` has only characters at which no shell, list of paths or #! line splits it.
bool IsPlain(std::string_view path) {
  for (char c : path) {
    if (!absl::ascii_isalnum(static_cast<unsigned char>(c)) &&
        std::string_view("/._-").find(c) == path.npos) {
      return false;
    }
  }
  return true;
}

// Returns how many characters remain for a name in `directory`; 0 if too few or too many.
size_t RoomFor(const std::string& directory, size_t length, size_t min_name) {
  const size_t used = directory.size() + 1;
  const bool fits = length >= used + min_name && length - used <= kMaxName;
  return fits ? length - used : 0;
}

absl::Status MakeOwnDirectory(const std::string& directory) {
  if (mkdir(directory.c_str(), 0700) == 0 || errno == EEXIST) return absl::OkStatus();
  return SystemError(errno, absl::StrCat("cannot create ", directory));
}

// Returns the directory for a path of `length` characters, and how many of them remain for the name.
absl::StatusOr<std::string> ChooseDirectory(const std::string& cache, size_t length, size_t* name) {
  const std::string own = absl::StrCat(cache, kOwn);
  *name = IsPlain(own) ? RoomFor(own, length, kMinOwnName) : 0;
  if (*name > 0) {
    RELOC_RETURN_IF_ERROR(MakeOwnDirectory(own));
    return own;
  }
  *name = RoomFor(absl::StrCat(kSharedDirectory, "/XX"), length, kMinName);
  if (*name > 0) return TakeGraftDirectory(cache);
  return absl::InvalidArgumentError(
      absl::StrCat("a store prefix of ", length, " characters cannot be rewritten: from ", kMinGraftPath,
                   " on it can, unless it is far longer than the path of ", cache));
}

// Returns the path in `directory` that leads to `store` already, with a name of that size; empty if there is
// none.
std::string FindPath(const std::string& directory, const std::string& store, size_t name_size) {
  std::error_code error;
  for (std::filesystem::directory_iterator entry(directory, error), end; !error && entry != end;
       entry.increment(error)) {
    const std::string path = entry->path();
    if (path.size() != directory.size() + 1 + name_size) continue;
    if (absl::StatusOr<std::string> target = ReadSymlink(path); target.ok() && *target == store) return path;
  }
  return "";
}

}  // namespace

absl::StatusOr<GraftPath> MakeGraftPath(const std::string& cache, const std::string& store, size_t length) {
  size_t name_size = 0;
  RELOC_ASSIGN_OR_RETURN(const std::string directory, ChooseDirectory(cache, length, &name_size));
  if (std::string known = FindPath(directory, store, name_size); !known.empty())
    return GraftPath{known, false};
  for (int tries = 0; tries < kTries; ++tries) {
    RELOC_ASSIGN_OR_RETURN(const std::string name, RandomGraftName(name_size));
    const std::string path = absl::StrCat(directory, "/", name);
    if (symlink(store.c_str(), path.c_str()) == 0) return GraftPath{path, true};
    if (errno != EEXIST) return SystemError(errno, absl::StrCat("cannot create ", path));
  }
  return absl::ResourceExhaustedError(
      absl::StrCat("found no free name in ", directory, ", which holds those of all grafts that there were: ",
                   "remove symlinks there that lead to nothing and that nothing names any more"));
}

absl::Status KeepGraftPath(const std::string& path, const std::string& store) {
  // Checked first: no name is made in a directory of another user.
  const std::string directory(DirName(path));
  if (const char* fault = GraftDirectoryFault(directory.c_str()); fault != nullptr) {
    return absl::FailedPreconditionError(absl::StrCat(fault, " ", path));
  }
  if (symlink(store.c_str(), path.c_str()) != 0 && errno != EEXIST) {
    return absl::FailedPreconditionError(
        SystemError(errno, absl::StrCat("cannot create ", path, " again")).message());
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

}  // namespace reloc
