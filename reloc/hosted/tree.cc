#include "reloc/hosted/tree.h"

#include <fts.h>
#include <sys/stat.h>

#include <algorithm>
#include <memory>

#include "absl/strings/str_cat.h"
#include "reloc/hosted/files.h"
#include "reloc/hosted/status.h"

namespace reloc {
namespace {

struct CloseFts {
  void operator()(FTS* fts) const { fts_close(fts); }
};
using UniqueFts = std::unique_ptr<FTS, CloseFts>;

absl::StatusOr<FileType> TypeOf(const FTSENT& entry) {
  switch (entry.fts_info) {
    case FTS_D:
      return FileType::kDirectory;
    case FTS_F:
      return FileType::kRegular;
    case FTS_SL:
    case FTS_SLNONE:
      return FileType::kSymlink;
    case FTS_DNR:
    case FTS_ERR:
    case FTS_NS:
      return SystemError(entry.fts_errno, absl::StrCat("cannot read ", entry.fts_path));
    default:
      return absl::InvalidArgumentError(
          absl::StrCat(entry.fts_path, " is neither a file, a directory nor a symlink"));
  }
}

absl::StatusOr<TreeFile> Describe(const FTSENT& entry, size_t top_length) {
  TreeFile file;
  RELOC_ASSIGN_OR_RETURN(file.type, TypeOf(entry));
  if (entry.fts_pathlen > top_length) file.path = entry.fts_path + top_length + 1;
  file.mode = entry.fts_statp->st_mode & 07777;
  file.mtime = entry.fts_statp->st_mtim.tv_sec;
  if (file.type == FileType::kRegular) file.size = static_cast<uint64_t>(entry.fts_statp->st_size);
  return file;
}

}  // namespace

const char* FileTypeName(FileType type) {
  switch (type) {
    case FileType::kRegular:
      return "file";
    case FileType::kDirectory:
      return "directory";
    case FileType::kSymlink:
      return "symlink";
  }
  return "unknown";
}

absl::StatusOr<std::vector<TreeFile>> ListTree(const std::string& top) {
  // fts(3) and not std::filesystem: it returns the stat(2) results that it needs itself. FTS_NOCHDIR, because
  // all threads share the working directory.
  std::string path = top;
  char* const paths[] = {path.data(), nullptr};
  UniqueFts fts(fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR, nullptr));
  if (!fts) return SystemError(errno, absl::StrCat("cannot read ", top));
  std::vector<TreeFile> files;
  while (errno = 0, true) {
    FTSENT* entry = fts_read(fts.get());
    if (entry == nullptr) break;
    if (entry->fts_info == FTS_DP) continue;  // a directory, for the second time
    RELOC_ASSIGN_OR_RETURN(TreeFile file, Describe(*entry, top.size()));
    files.push_back(std::move(file));
  }
  if (errno != 0) return SystemError(errno, absl::StrCat("cannot read ", top));
  std::sort(files.begin(), files.end(), [](const TreeFile& a, const TreeFile& b) { return a.path < b.path; });
  return files;
}

std::string JoinPath(const std::string& top, const std::string& path) {
  return path.empty() ? top : absl::StrCat(top, "/", path);
}

}  // namespace reloc
