// Operations that the kernel does not wait for are not counted (release, forget); those that are not here are
// answered with ENOSYS, and the kernel does not ask again.
#include "tests/slowfs/operations.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fuse_lowlevel.h>
#include <limits.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <string>

#include "tests/slowfs/file_system.h"
#include "tests/slowfs/writing.h"

namespace reloc::slowfs {
namespace {

FileSystem& Of(fuse_req_t request) { return *static_cast<FileSystem*>(fuse_req_userdata(request)); }

// Waits as long as the operation `kind` on the file `id` takes. Returns its path.
std::string Begin(fuse_req_t request, const char* kind, fuse_ino_t id) {
  std::string path = Of(request).tree().PathOf(id);
  Of(request).pace().Wait(kind, path);
  return path;
}

void Init(void* user_data, fuse_conn_info* connection) {
  if (static_cast<FileSystem*>(user_data)->cache_seconds() > 0)
    connection->want |= connection->capable & FUSE_CAP_CACHE_SYMLINKS;
}

void Lookup(fuse_req_t request, fuse_ino_t parent, const char* name) {
  FileSystem& files = Of(request);
  const std::string path = files.tree().Join(parent, name);
  fuse_entry_param entry = {};
  entry.attr_timeout = entry.entry_timeout = files.cache_seconds();
  const bool found = ::fstatat(files.source(), path.c_str(), &entry.attr, AT_SYMLINK_NOFOLLOW) == 0;
  const int error = found ? 0 : errno;
  files.pace().Wait(found ? "lookup" : "lookup of nothing", path);
  files.tree().NoteEntry({parent, name});
  if (found) entry.ino = files.tree().IdOf(path, entry.attr.st_ino);
  // Number 0 means that the name is known not to exist.
  if (found || (error == ENOENT && entry.entry_timeout > 0)) {
    fuse_reply_entry(request, &entry);
  } else {
    fuse_reply_err(request, error);
  }
}

void GetAttributes(fuse_req_t request, fuse_ino_t id, fuse_file_info*) {
  const std::string path = Begin(request, "getattr", id);
  struct stat attributes = {};
  if (::fstatat(Of(request).source(), path.c_str(), &attributes, AT_SYMLINK_NOFOLLOW) != 0) {
    fuse_reply_err(request, errno);
  } else {
    fuse_reply_attr(request, &attributes, Of(request).cache_seconds());
  }
}

void ReadLink(fuse_req_t request, fuse_ino_t id) {
  const std::string path = Begin(request, "readlink", id);
  char target[PATH_MAX];
  ssize_t size = ::readlinkat(Of(request).source(), path.c_str(), target, sizeof target - 1);
  if (size < 0) {
    fuse_reply_err(request, errno);
    return;
  }
  target[size] = '\0';
  fuse_reply_readlink(request, target);
}

void Open(fuse_req_t request, fuse_ino_t id, fuse_file_info* file) {
  const std::string path = Begin(request, "open", id);
  const bool writes = (file->flags & O_ACCMODE) != O_RDONLY;
  const int flags = writes ? O_RDWR | (file->flags & O_TRUNC) : O_RDONLY;
  int fd = ::openat(Of(request).source(), path.c_str(), flags | O_CLOEXEC | O_NOFOLLOW);
  if (fd < 0) {
    fuse_reply_err(request, errno);
    return;
  }
  file->fh = static_cast<uint64_t>(fd);
  file->keep_cache = Of(request).cache_seconds() > 0 ? 1 : 0;
  fuse_reply_open(request, file);
}

void Read(fuse_req_t request, fuse_ino_t id, size_t size, off_t offset, fuse_file_info* file) {
  Begin(request, "read", id);
  fuse_bufvec bytes = FUSE_BUFVEC_INIT(size);
  bytes.buf[0].flags = static_cast<fuse_buf_flags>(FUSE_BUF_IS_FD | FUSE_BUF_FD_SEEK);
  bytes.buf[0].fd = static_cast<int>(file->fh);
  bytes.buf[0].pos = offset;
  fuse_reply_data(request, &bytes, FUSE_BUF_SPLICE_MOVE);
}

void Release(fuse_req_t request, fuse_ino_t, fuse_file_info* file) {
  ::close(static_cast<int>(file->fh));
  fuse_reply_err(request, 0);
}

DIR* DirectoryOf(const fuse_file_info& file) {
  return reinterpret_cast<DIR*>(file.fh);  // NOLINT(performance-no-int-to-ptr): FUSE keeps numbers
}

void OpenDirectory(fuse_req_t request, fuse_ino_t id, fuse_file_info* file) {
  const std::string path = Begin(request, "opendir", id);
  int fd = ::openat(Of(request).source(), path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
  DIR* directory = fd < 0 ? nullptr : ::fdopendir(fd);
  if (directory == nullptr) {
    fuse_reply_err(request, errno);
    if (fd >= 0) ::close(fd);
    return;
  }
  file->fh = reinterpret_cast<uint64_t>(directory);
  fuse_reply_open(request, file);
}

// Returns as many entries as fit into `size` bytes, from `offset`, where the last answer ended.
std::string Listing(fuse_req_t request, DIR* directory, size_t size, off_t offset) {
  std::string listing;
  ::seekdir(directory, offset);
  while (const dirent* each = ::readdir(directory)) {
    struct stat attributes = {};
    attributes.st_ino = each->d_ino;
    attributes.st_mode = static_cast<mode_t>(DTTOIF(each->d_type));
    const size_t needed = fuse_add_direntry(request, nullptr, 0, each->d_name, nullptr, 0);
    if (listing.size() + needed > size) break;
    const size_t at = listing.size();
    listing.resize(at + needed);
    fuse_add_direntry(request, listing.data() + at, needed, each->d_name, &attributes, each->d_off);
  }
  return listing;
}

void ReadDirectory(fuse_req_t request, fuse_ino_t id, size_t size, off_t offset, fuse_file_info* file) {
  Begin(request, "readdir", id);
  const std::string listing = Listing(request, DirectoryOf(*file), size, offset);
  fuse_reply_buf(request, listing.data(), listing.size());
}

void ReleaseDirectory(fuse_req_t request, fuse_ino_t, fuse_file_info* file) {
  ::closedir(DirectoryOf(*file));
  fuse_reply_err(request, 0);
}

void StatFileSystem(fuse_req_t request, fuse_ino_t id) {
  Begin(request, "statfs", id);
  struct statvfs facts = {};
  if (::fstatvfs(Of(request).source(), &facts) != 0) {
    fuse_reply_err(request, errno);
  } else {
    fuse_reply_statfs(request, &facts);
  }
}

}  // namespace

const fuse_lowlevel_ops& Operations(bool writable) {
  static const fuse_lowlevel_ops operations = [writable] {
    fuse_lowlevel_ops all = {};
    all.init = Init;
    all.lookup = Lookup;
    all.getattr = GetAttributes;
    all.readlink = ReadLink;
    all.open = Open;
    all.read = Read;
    all.release = Release;
    all.opendir = OpenDirectory;
    all.readdir = ReadDirectory;
    all.releasedir = ReleaseDirectory;
    all.statfs = StatFileSystem;
    if (writable) AddWriting(&all);
    return all;
  }();
  return operations;
}

}  // namespace reloc::slowfs
