#include "reloc/mirror/usage.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "reloc/hosted/files.h"
#include "reloc/hosted/status.h"
#include "reloc/mirror/directory_at.h"

namespace reloc {
namespace {

constexpr uint64_t kBlock = 512;  // of st_blocks, whatever the file system's own is: stat(2)

class Counter {
 public:
  explicit Counter(size_t count) { usage_.own.resize(count); }

  absl::Status CountTree(size_t owner, int parent, const std::string& name, const std::string& where) {
    struct stat st;
    if (::fstatat(parent, name.c_str(), &st, AT_SYMLINK_NOFOLLOW) != 0) {
      if (errno == ENOENT) return absl::OkStatus();
      return SystemError(errno, absl::StrCat("cannot stat ", where, "/", name));
    }
    Count(owner, st);
    if (!S_ISDIR(st.st_mode)) return absl::OkStatus();
    absl::StatusOr<UniqueFd> directory = OpenDirectoryAt(parent, name, where);
    if (absl::IsNotFound(directory.status())) return absl::OkStatus();
    if (!directory.ok()) return directory.status();
    const std::string path = absl::StrCat(where, "/", name);
    RELOC_ASSIGN_OR_RETURN(std::vector<std::string> names, NamesIn(directory->get(), path));
    for (const std::string& below : names) {
      RELOC_RETURN_IF_ERROR(CountTree(owner, directory->get(), below, path));
    }
    return absl::OkStatus();
  }

  MirrorUsage Finish() && { return std::move(usage_); }

 private:
  static constexpr size_t kShared = SIZE_MAX;

  void Count(size_t owner, const struct stat& st) {
    const uint64_t bytes = static_cast<uint64_t>(st.st_blocks) * kBlock;
    if (S_ISDIR(st.st_mode) || st.st_nlink == 1) {
      usage_.bytes += bytes;
      usage_.own[owner] += bytes;
      return;
    }
    auto [seen, is_new] = owners_.emplace(std::pair(st.st_dev, st.st_ino), owner);
    if (is_new) {
      usage_.bytes += bytes;
      usage_.own[owner] += bytes;
    } else if (seen->second != kShared && seen->second != owner) {
      usage_.own[seen->second] -= bytes;
      seen->second = kShared;
    }
  }

  MirrorUsage usage_;
  absl::flat_hash_map<std::pair<dev_t, ino_t>, size_t> owners_;
};

}  // namespace

absl::StatusOr<MirrorUsage> MeasureUsage(int parent, const std::vector<std::string>& names,
                                         const std::string& where) {
  Counter counter(names.size());
  for (size_t i = 0; i < names.size(); ++i) {
    RELOC_RETURN_IF_ERROR(counter.CountTree(i, parent, names[i], where));
  }
  return std::move(counter).Finish();
}

}  // namespace reloc
