#include "reloc/graft/graft_directory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <string_view>
#include <system_error>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "reloc/hosted/files.h"
#include "reloc/hosted/status.h"
#include "reloc/launch/graft_path.h"
#include "reloc/mirror/layout.h"

namespace reloc {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kLetters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_";
constexpr size_t kNameSize = 2;
constexpr size_t kNames = 64 * 64;
constexpr char kRecord[] = "/graft-dir";  // in the cache
constexpr char kMarker[] = "/.cache";     // in the directory

// Returns the name with that number; empty if it begins like an option.
std::string NameOf(size_t number) {
  const char first = kLetters[number / kLetters.size()];
  return first == '-' ? "" : std::string{first, kLetters[number % kLetters.size()]};
}

bool HasShape(const std::string& directory) {
  constexpr size_t kSize = sizeof(kSharedDirectory) + kNameSize;
  return directory.size() == kSize && absl::StartsWith(directory, absl::StrCat(kSharedDirectory, "/")) &&
         directory.find_first_not_of(kLetters, sizeof(kSharedDirectory)) == directory.npos;
}

// Returns the recorded directory; empty if none is recorded, or the record is no such name.
std::string ReadRecord(const std::string& cache) {
  absl::StatusOr<std::string> recorded = ReadSymlink(cache + kRecord);
  return recorded.ok() && HasShape(*recorded) ? *recorded : "";
}

absl::Status Record(const std::string& cache, const std::string& directory) {
  const std::string record = cache + kRecord, fresh = record + ".new";
  if (::unlink(fresh.c_str()) != 0 && errno != ENOENT)
    return SystemError(errno, absl::StrCat("cannot remove ", fresh));
  if (::symlink(directory.c_str(), fresh.c_str()) == 0 && ::rename(fresh.c_str(), record.c_str()) == 0) {
    return absl::OkStatus();
  }
  return SystemError(errno, absl::StrCat("cannot create symlink ", record));
}

// Makes the directory. AlreadyExists if another user has the name.
absl::Status Make(const std::string& cache, const std::string& directory) {
  if (::mkdir(directory.c_str(), 0700) != 0) {
    return errno == EEXIST ? absl::AlreadyExistsError(directory)
                           : SystemError(errno, absl::StrCat("cannot create ", directory));
  }
  const std::string marker = directory + kMarker;
  if (::symlink(cache.c_str(), marker.c_str()) == 0) return absl::OkStatus();
  return SystemError(errno, absl::StrCat("cannot create symlink ", marker));
}

// Returns true if it can be used; makes it again if a cleaner has removed it.
bool IsUsable(const std::string& cache, const std::string& directory) {
  const char* fault = GraftDirectoryFault(directory.c_str());
  return fault == nullptr || (fault == kGraftPathGone && Make(cache, directory).ok());
}

// Finds a directory whose record was lost with an earlier cache in this place. Directories of other users are
// not entered: they may be on a file system that never answers.
std::string FindUnrecorded(const std::string& cache) {
  std::error_code error;
  for (fs::directory_iterator entry(kSharedDirectory, error), end; !error && entry != end;
       entry.increment(error)) {
    const std::string directory = entry->path();
    if (!HasShape(directory) || GraftDirectoryFault(directory.c_str()) != nullptr) continue;
    absl::StatusOr<std::string> marked = ReadSymlink(directory + kMarker);
    if (marked.ok() && *marked == cache) return directory;
  }
  return "";
}

absl::StatusOr<std::string> MakeAtRandom(const std::string& cache) {
  size_t start = 0;
  if (::getrandom(&start, sizeof start, 0) != sizeof start) {
    return SystemError(errno, "cannot get random numbers");
  }
  for (size_t i = 0; i < kNames; ++i) {
    const std::string name = NameOf((start + i) % kNames);
    if (name.empty()) continue;
    const std::string directory = absl::StrCat(kSharedDirectory, "/", name);
    absl::Status made = Make(cache, directory);
    if (made.ok()) return directory;
    if (!absl::IsAlreadyExists(made)) return made;
  }
  return absl::ResourceExhaustedError(
      absl::StrCat("no name of two characters is free in ", kSharedDirectory,
                   ", where a short store prefix needs one: use another engine than graft"));
}

void Touch(const std::string& path) {
  // If it cannot be renewed, it is made again when it is gone.
  (void)::utimensat(AT_FDCWD, path.c_str(), nullptr, AT_SYMLINK_NOFOLLOW);
}

// Renews symlinks into this cache in /tmp itself, where older versions had graft paths. They are kept as long
// as /tmp lasts: if one were removed, another user could take its name.
bool RenewOldNames(const std::string& cache) {
  const std::string mirrors = absl::StrCat(cache, "/", kMirrorsDir, "/");
  bool found = false;
  std::error_code error;
  for (fs::directory_iterator entry(kSharedDirectory, error), end; !error && entry != end;
       entry.increment(error)) {
    std::error_code gone;
    if (!entry->is_symlink(gone)) continue;
    absl::StatusOr<std::string> target = ReadSymlink(entry->path());
    if (!target.ok() || !absl::StartsWith(*target, mirrors)) continue;
    Touch(entry->path());
    found = true;
  }
  return found;
}

}  // namespace

absl::StatusOr<std::string> RandomGraftName(size_t size) {
  std::string name(size, '\0');
  do {
    if (::getrandom(name.data(), size, 0) != static_cast<ssize_t>(size)) {
      return SystemError(errno, "cannot get random numbers");
    }
    for (char& c : name) c = kLetters[static_cast<unsigned char>(c) % kLetters.size()];
  } while (name.front() == '-');
  return name;
}

absl::StatusOr<std::string> TakeGraftDirectory(const std::string& cache) {
  if (!HoldsNames(kSharedDirectory)) {
    return absl::FailedPreconditionError(
        absl::StrCat(kSharedDirectory, " is not known to be root's and sticky, and the path of ", cache,
                     " is too long: set mirror-dir to a shorter one"));
  }
  RELOC_ASSIGN_OR_RETURN(UniqueFd lock, OpenFile(cache, O_RDONLY | O_DIRECTORY));
  // Held only briefly, while another process does the same.
  if (::flock(lock.get(), LOCK_EX) != 0) return SystemError(errno, absl::StrCat("cannot lock ", cache));
  std::string directory = ReadRecord(cache);
  if (!directory.empty() && IsUsable(cache, directory)) return directory;
  directory = FindUnrecorded(cache);
  if (directory.empty()) {
    RELOC_ASSIGN_OR_RETURN(directory, MakeAtRandom(cache));
  }
  RELOC_RETURN_IF_ERROR(Record(cache, directory));
  return directory;
}

bool RenewGraftNames(const std::string& cache) {
  const bool old = RenewOldNames(cache);
  const std::string directory = ReadRecord(cache);
  if (directory.empty()) return old;
  if (IsUsable(cache, directory)) {
    Touch(directory);
    Touch(directory + kMarker);
  }
  return true;
}

}  // namespace reloc
