#include "reloc/hosted/trusted_path.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "reloc/base/file.h"
#include "reloc/base/mounts.h"
#include "reloc/base/text.h"
#include "reloc/hosted/files.h"
#include "reloc/hosted/status.h"

namespace reloc {
namespace {

constexpr int kMaxLinks = 40;  // as many as the kernel follows

// Returns the id of the mount that `fd` is on; empty if /proc does not report it.
std::string MountOf(int fd) {
  FixedText<32> id;
  return ReadMountId(fd, &id).ok() ? id.c_str() : "";
}

// Returns true if the mount is a FUSE file system that root did not mount: its server decides which owners it
// reports. A mount that is not listed was detached in the meantime.
bool IsServedByUser(const std::string& mount) {
  MountSearch search(mount);
  return !FindMount(&search).ok() || (search.is_fuse() && !search.is_roots());
}

// Follows a path, one name at a time.
class Walk {
 public:
  explicit Walk(const std::string& path) { Push(path); }

  // Returns OK also where the path ends early: see missing().
  absl::Status Run() {
    RELOC_RETURN_IF_ERROR(GoToRoot());
    while (!names_.empty() && !stopped_) RELOC_RETURN_IF_ERROR(Step());
    return absl::OkStatus();
  }
  bool missing() const { return missing_; }
  // Returns why the path is not to be trusted; empty if it is.
  const std::string& objection() const { return objection_; }

 private:
  void Push(absl::string_view path) {
    std::vector<std::string> names = absl::StrSplit(path, '/', absl::SkipEmpty());
    names_.insert(names_.end(), names.rbegin(), names.rend());
  }

  absl::Status GoToRoot() {
    RELOC_ASSIGN_OR_RETURN(UniqueFd root, OpenFile("/", O_PATH | O_DIRECTORY));
    struct stat st;
    if (::fstat(root.get(), &st) != 0) return SystemError(errno, "cannot stat /");
    system_owner_ = st.st_uid;
    mount_ = MountOf(root.get());
    at_ = std::move(root);
    here_.clear();
    return absl::OkStatus();
  }

  absl::Status Step() {
    const std::string name = std::move(names_.back());
    names_.pop_back();
    if (name == ".") return absl::OkStatus();
    here_ =
        name == ".." ? std::filesystem::path(here_).parent_path().string() : absl::StrCat(here_, "/", name);
    Result<UniqueFd> next = OpenAt(at_.get(), name.c_str(), O_PATH | O_NOFOLLOW);
    if (!next.ok()) return Miss(next.error());
    if (!RequireMount(next->get())) return absl::OkStatus();
    struct stat st;
    if (::fstat(next->get(), &st) != 0) return SystemError(errno, absl::StrCat("cannot stat ", here_));
    Judge(st);
    if (S_ISLNK(st.st_mode)) return Follow(next->get());
    at_ = *std::move(next);
    return absl::OkStatus();
  }

  absl::Status Miss(Errno e) {
    if (e.value != ENOENT && e.value != ENOTDIR)
      return SystemError(e.value, absl::StrCat("cannot open ", here_));
    stopped_ = missing_ = true;
    return absl::OkStatus();
  }

  bool RequireMount(int fd) {
    std::string mount = MountOf(fd);
    if (mount == mount_) return true;
    if (IsServedByUser(mount)) Object("is a file system that a user serves");
    mount_ = std::move(mount);
    return !stopped_;
  }

  // In a directory with the sticky bit, users cannot replace what others own.
  void Judge(const struct stat& st) {
    const bool ours = st.st_uid == ::geteuid() || st.st_uid == system_owner_;
    const bool open = S_ISDIR(st.st_mode) && (st.st_mode & (S_IWOTH | S_ISVTX)) == S_IWOTH;
    if (ours && !open) return;
    if (objection_.empty()) {
      objection_ = ours ? absl::StrCat(here_, " can be written by everyone")
                        : absl::StrCat(here_, " belongs to uid ", st.st_uid);
    }
    // From here on, only whether something is there matters; a link of that user may lead anywhere.
    if (S_ISLNK(st.st_mode)) stopped_ = true;
  }

  void Object(absl::string_view why) {
    if (objection_.empty()) objection_ = absl::StrCat(here_, " ", why);
    stopped_ = true;
  }

  absl::Status Follow(int link) {
    if (stopped_) return absl::OkStatus();
    PathText target;
    if (Errno e = ReadLink(link, "", &target); !e.ok()) {
      return SystemError(e.value, absl::StrCat("cannot read symlink ", here_));
    }
    if (++links_ > kMaxLinks) return SystemError(ELOOP, absl::StrCat("cannot follow ", here_));
    Push({target.view().data(), target.size()});
    if (StartsWith(target.view(), "/")) return GoToRoot();
    here_ = std::filesystem::path(here_).parent_path();
    return absl::OkStatus();
  }

  std::vector<std::string> names_;  // still to follow, the next one last
  std::string here_;                // the path so far, for messages
  UniqueFd at_;                     // the same, as an open directory
  std::string mount_;               // the mount that it is on
  uid_t system_owner_ = 0;          // the owner of "/": root, or root's uid outside of this user namespace
  int links_ = 0;
  bool stopped_ = false;
  bool missing_ = false;
  std::string objection_;
};

}  // namespace

absl::Status RequireTrustedPath(const std::string& path, IfMissing missing) {
  if (::geteuid() != 0) return absl::OkStatus();
  Walk walk(path);
  RELOC_RETURN_IF_ERROR(walk.Run());
  bool accepted = walk.missing() && missing == IfMissing::kAccept;
  return walk.objection().empty() || accepted ? absl::OkStatus()
                                              : absl::PermissionDeniedError(walk.objection());
}

}  // namespace reloc
