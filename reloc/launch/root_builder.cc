#include "reloc/launch/root_builder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include <utility>

#include "reloc/base/file.h"
#include "reloc/launch/directory.h"

namespace reloc {
namespace {

constexpr const char* kMountHint =
    "mounts in a user namespace are refused here: relocctl engines tells the cure; or use another engine";

// Returns the flags of the source's mount, which a bind mount's read-only remount must keep: in a user
// namespace they are locked and dropping one is EPERM (mount_namespaces(7)).
unsigned long KeptMountFlags(const char* path) {
  struct statfs st;
  if (::statfs(path, &st) != 0) return 0;
  unsigned long flags = 0;
  constexpr struct {
    unsigned long statfs_flag, mount_flag;
  } kFlags[] = {{0x2, MS_NOSUID},    {0x4, MS_NODEV},        {0x8, MS_NOEXEC},
                {0x400, MS_NOATIME}, {0x800, MS_NODIRATIME}, {0x1000, MS_RELATIME}};
  for (const auto& flag : kFlags) {
    if ((static_cast<unsigned long>(st.f_flags) & flag.statfs_flag) != 0) flags |= flag.mount_flag;
  }
  return flags;
}

// Returns the path as seen from the staged root.
const char* Relative(const char* path) { return path + 1; }

// Returns false for a directory that was removed while it was mounted there, as a mirror's store may be in a
// root that we have joined: mount(2) would return ENOENT.
bool CanBeMountedOn(const char* path) {
  struct stat st;
  return ::stat(path, &st) == 0 && S_ISDIR(st.st_mode) && st.st_nlink > 0;
}

bool IsImageDir(string_view directory, string_view name) {
  return directory == "/" && name == Relative(kImageDir);
}

bool Fail(Failure* failure, const char* step, string_view subject, int error = errno) {
  failure->Set(step, Errno{error}, subject, error == EPERM || error == EACCES ? kMountHint : nullptr);
  return false;
}

}  // namespace

bool RootBuilder::Stage(string_view prefix, Failure* failure) {
  PathText path;
  path << prefix;
  if (CanBeMountedOn(path.c_str())) return true;
  return MountStagingRoot(failure) && MakePrefix(prefix, failure);
}

bool RootBuilder::StageForImage(string_view id, Failure* failure) {
  for_image_ = true;
  if (!MountStagingRoot(failure)) return false;
  if (::fchdir(staged_.get()) != 0) return Fail(failure, "enter", "staged root");
  FixedText<128> target;
  target << id;
  bool made = ::mkdir(Relative(kImageDir), 0755) == 0 && ::mkdir(Relative(kImagePackDir), 0755) == 0 &&
              ::symlink(target.c_str(), Relative(kImageIdLink)) == 0;
  return made || Fail(failure, "make", kImageDir);
}

bool RootBuilder::StagePrefix(string_view prefix, Failure* failure) { return MakePrefix(prefix, failure); }

bool RootBuilder::MountStagingRoot(Failure* failure) {
  struct stat host_root;
  if (::stat("/", &host_root) != 0) return Fail(failure, "stat", "/");
  FixedText<32> options;
  unsigned mode = host_root.st_mode & 07777;
  options << "mode=" << (mode >> 9) << (mode >> 6 & 7) << (mode >> 3 & 7) << (mode & 7);
  if (::mount("tmpfs", "/", "tmpfs", MS_NOSUID | MS_NODEV, options.c_str()) != 0) {
    return Fail(failure, "mount tmpfs", "/");
  }
  // Our own root is still the old one, under the new mount: paths still name the host's files. ".." of a
  // process's root is the root itself, but it is followed through the mount on top (path_resolution(7)).
  Result<UniqueFd> fd = Open("/..", O_PATH | O_DIRECTORY);
  if (!fd.ok()) return Fail(failure, "open", "/..", fd.error().value);
  struct stat staged;
  if (::fstat(fd->get(), &staged) != 0) return Fail(failure, "stat", "/..");
  if (staged.st_dev == host_root.st_dev) return Fail(failure, "stage a root over", "/", ENOTSUP);
  staged_ = std::move(*fd);
  return true;
}

// Makes the prefix's directories, component by component; each level shows what the host has there.
bool RootBuilder::MakePrefix(string_view prefix, Failure* failure) {
  PathText host_dir;
  UniqueFd level(::fcntl(staged_.get(), F_DUPFD_CLOEXEC, 3));
  if (!level.valid()) return Fail(failure, "dup", "");
  string_view rest = Suffix(prefix, 1);
  while (!rest.empty()) {
    FixedText<256> name;
    name << SplitFirst(rest, '/', &rest);
    const char* host = host_dir.empty() ? "/" : host_dir.c_str();
    if (IsDirectory(host) && !BindLevel(host, level.get(), name.view(), failure)) return false;
    if (::mkdirat(level.get(), name.c_str(), 0755) != 0) return Fail(failure, "mkdir", prefix);
    Result<UniqueFd> next = OpenAt(level.get(), name.c_str(), O_PATH | O_DIRECTORY);
    if (!next.ok()) return Fail(failure, "open", prefix, next.error().value);
    level = std::move(*next);
    host_dir << '/' << name.view();
  }
  return true;
}

bool RootBuilder::BindLevel(const char* host_dir, int staged_dir, string_view excluded, Failure* failure) {
  Result<UniqueFd> listing = Open(host_dir, O_RDONLY | O_DIRECTORY);
  if (!listing.ok()) return Fail(failure, "list", host_dir, listing.error().value);
  if (::fchdir(staged_dir) != 0) return Fail(failure, "enter", host_dir);
  DirectoryReader reader(listing->get());
  DirectoryEntry entry;
  bool more = true;
  while (true) {
    if (Errno e = reader.Next(&entry, &more); !e.ok()) return Fail(failure, "list", host_dir, e.value);
    if (!more) return true;
    // Inside another image's root: this image's directory replaces it.
    if (entry.name == excluded || (for_image_ && IsImageDir(host_dir, entry.name))) continue;
    if (!BindEntry(host_dir, entry.name, entry.type, failure)) return false;
  }
}

// Shows `host_dir`/`name` as `name` in the working directory. An entry that vanished in the meantime, or that
// cannot be reached (a stale network mount), is left out or empty: it is no reason to refuse every program.
bool RootBuilder::BindEntry(const char* host_dir, const char* name, unsigned char type, Failure* failure) {
  PathText host;
  host << (host_dir[1] == '\0' ? "" : host_dir) << '/' << name;
  if (type == DT_UNKNOWN) {  // file systems without types (old XFS, some FUSE)
    struct stat st;
    if (::lstat(host.c_str(), &st) != 0) return true;
    type = S_ISDIR(st.st_mode) ? DT_DIR : S_ISLNK(st.st_mode) ? DT_LNK : DT_REG;
  }
  if (type == DT_LNK) {
    PathText target;
    bool copied = ReadLink(AT_FDCWD, host.c_str(), &target).ok() && ::symlink(target.c_str(), name) == 0;
    return copied || Fail(failure, "copy symlink", host.view());
  }
  bool made = type == DT_DIR ? ::mkdir(name, 0755) == 0 : ::mknod(name, S_IFREG | 0600, 0) == 0;
  if (!made) return Fail(failure, "make mount point for", host.view());
  if (::mount(host.c_str(), name, nullptr, MS_BIND | MS_REC, nullptr) == 0) return true;
  return errno != EPERM || Fail(failure, "mount", host.view());
}

bool RootBuilder::BindStore(const char* store, string_view prefix, Failure* failure) {
  PathText target;
  if (staged_.valid()) {
    if (::fchdir(staged_.get()) != 0) return Fail(failure, "enter", "staged root");
    target << '.';
  }
  target << prefix;
  if (::mount(store, target.c_str(), nullptr, MS_BIND | MS_REC, nullptr) != 0) {
    return Fail(failure, "mount", store);
  }
  // mount(2): the call that binds ignores MS_RDONLY; it takes a remount.
  unsigned long flags = MS_BIND | MS_REMOUNT | MS_RDONLY | KeptMountFlags(target.c_str());
  if (::mount(nullptr, target.c_str(), nullptr, flags, nullptr) != 0) {
    return Fail(failure, "mount read-only", prefix);
  }
  return true;
}

bool RootBuilder::Enter(Failure* failure) {
  if (!staged_.valid()) return true;
  if (::fchdir(staged_.get()) != 0) return Fail(failure, "enter", "staged root");
  // Users can write to "/" no more than on the host, and jobs that share the root cannot leave files in it.
  unsigned long flags = MS_BIND | MS_REMOUNT | MS_RDONLY | MS_NOSUID | MS_NODEV;
  if (::mount(nullptr, ".", nullptr, flags, nullptr) != 0) return Fail(failure, "mount read-only", "/");
  // For the kernel this is no chroot (in which user namespaces cannot be made): it is the topmost mount on
  // the namespace's root, where setns(2) also puts the processes that join.
  return ::chroot(".") == 0 || Fail(failure, "chroot", "staged root");
}

}  // namespace reloc
