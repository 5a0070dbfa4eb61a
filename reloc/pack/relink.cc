#include "reloc/pack/relink.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "reloc/base/path.h"
#include "reloc/hosted/files.h"
#include "reloc/hosted/status.h"
#include "reloc/pack/copy.h"

namespace reloc {
namespace {

// Makes a directory writable for its owner for a while: those of store items are read-only.
class WritableDirectory {
 public:
  explicit WritableDirectory(std::string path) : path_(std::move(path)) {
    struct stat st;
    changed_ = stat(path_.c_str(), &st) == 0 && (st.st_mode & 0200) == 0;
    mode_ = st.st_mode & 07777;
    if (changed_) changed_ = chmod(path_.c_str(), mode_ | 0200) == 0;  // if this fails, the write reports why
  }
  ~WritableDirectory() {
    if (changed_) chmod(path_.c_str(), mode_);
  }
  WritableDirectory(const WritableDirectory&) = delete;
  WritableDirectory& operator=(const WritableDirectory&) = delete;

 private:
  const std::string path_;
  bool changed_ = false;
  mode_t mode_ = 0;
};

// Replaces it with rename(2): at every moment there is the old symlink or the new one.
absl::Status ReplaceSymlink(const std::string& path, const std::string& target) {
  std::string directory(DirName(path)), temporary = absl::StrCat(directory, "/.reloc-link");
  WritableDirectory writable(directory);
  if (symlink(target.c_str(), temporary.c_str()) != 0) {
    return SystemError(errno, absl::StrCat("cannot create ", temporary));
  }
  if (rename(temporary.c_str(), path.c_str()) == 0) return absl::OkStatus();
  int error = errno;
  unlink(temporary.c_str());
  return SystemError(error, absl::StrCat("cannot replace the symlink ", path));
}

}  // namespace

Relinker::~Relinker() {
  // A destructor cannot report errors; a relative symlink that remains leads to the same file as the absolute
  // one.
  for (const Change& change : changes_) ReplaceSymlink(change.path, change.target).IgnoreError();
}

absl::Status Relinker::MakeRelative(const StoreLocation& store, const std::vector<ClosureItem>& items) {
  for (const ClosureItem& item : items) {
    for (const TreeFile& file : item.files) {
      if (file.type != FileType::kSymlink) continue;
      std::string path = JoinPath(item.name, file.path), host_path = absl::StrCat(store.directory, "/", path);
      RELOC_ASSIGN_OR_RETURN(std::string old, ReadSymlink(host_path));
      std::string relative = RelativeTarget(store.prefix, absl::StrCat(store.prefix, "/", path), old);
      if (relative == old) continue;
      RELOC_RETURN_IF_ERROR(ReplaceSymlink(host_path, relative));
      changes_.push_back({host_path, old});
    }
  }
  return absl::OkStatus();
}

}  // namespace reloc
