#include "tests/slowfs/writing.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>

#include "tests/slowfs/file_system.h"

namespace reloc::slowfs {
namespace {

FileSystem& Of(fuse_req_t request) { return *static_cast<FileSystem*>(fuse_req_userdata(request)); }

// Waits as long as the operation takes; returns the path of `name` in the directory `parent`.
std::string Begin(fuse_req_t request, const char* kind, fuse_ino_t parent, const char* name) {
  std::string path = Of(request).tree().Join(parent, name);
  Of(request).pace().Wait(kind, path);
  return path;
}

void Answer(fuse_req_t request, int result) { fuse_reply_err(request, result == 0 ? 0 : errno); }

bool Describe(fuse_req_t request, const std::string& path, fuse_entry_param* entry) {
  *entry = {};
  if (::fstatat(Of(request).source(), path.c_str(), &entry->attr, AT_SYMLINK_NOFOLLOW) != 0) return false;
  entry->attr_timeout = entry->entry_timeout = Of(request).cache_seconds();
  entry->ino = Of(request).tree().IdOf(path, entry->attr.st_ino);
  return true;
}

void AnswerEntry(fuse_req_t request, const std::string& path, int result) {
  fuse_entry_param entry;
  if (result != 0 || !Describe(request, path, &entry)) {
    fuse_reply_err(request, errno);
  } else {
    fuse_reply_entry(request, &entry);
  }
}

void MakeDirectory(fuse_req_t request, fuse_ino_t parent, const char* name, mode_t mode) {
  const std::string path = Begin(request, "mkdir", parent, name);
  AnswerEntry(request, path, ::mkdirat(Of(request).source(), path.c_str(), mode));
}

void MakeSymlink(fuse_req_t request, const char* target, fuse_ino_t parent, const char* name) {
  const std::string path = Begin(request, "symlink", parent, name);
  AnswerEntry(request, path, ::symlinkat(target, Of(request).source(), path.c_str()));
}

void Create(fuse_req_t request, fuse_ino_t parent, const char* name, mode_t mode, fuse_file_info* file) {
  const std::string path = Begin(request, "create", parent, name);
  const int flags = (file->flags & ~(O_WRONLY | O_APPEND)) | O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW;
  const int fd = ::openat(Of(request).source(), path.c_str(), flags, mode);
  fuse_entry_param entry;
  if (fd < 0 || !Describe(request, path, &entry)) {
    fuse_reply_err(request, errno);
    return;
  }
  file->fh = static_cast<uint64_t>(fd);
  fuse_reply_create(request, &entry, file);
}

void Write(fuse_req_t request, fuse_ino_t id, const char* bytes, size_t size, off_t offset,
           fuse_file_info* file) {
  Of(request).pace().Wait("write", Of(request).tree().PathOf(id));
  const ssize_t written = ::pwrite(static_cast<int>(file->fh), bytes, size, offset);
  written < 0 ? fuse_reply_err(request, errno) : fuse_reply_write(request, static_cast<size_t>(written));
}

void Unlink(fuse_req_t request, fuse_ino_t parent, const char* name) {
  const std::string path = Begin(request, "unlink", parent, name);
  Answer(request, ::unlinkat(Of(request).source(), path.c_str(), 0));
}

void RemoveDirectory(fuse_req_t request, fuse_ino_t parent, const char* name) {
  const std::string path = Begin(request, "rmdir", parent, name);
  Answer(request, ::unlinkat(Of(request).source(), path.c_str(), AT_REMOVEDIR));
}

void Rename(fuse_req_t request, fuse_ino_t parent, const char* name, fuse_ino_t new_parent,
            const char* new_name, unsigned flags) {
  const std::string path = Begin(request, "rename", parent, name);
  const std::string to = Of(request).tree().Join(new_parent, new_name);
  const int source = Of(request).source();
  Answer(request, ::renameat2(source, path.c_str(), source, to.c_str(), flags));
}

void SetAttributes(fuse_req_t request, fuse_ino_t id, struct stat* wanted, int what, fuse_file_info*) {
  const std::string path = Of(request).tree().PathOf(id);
  Of(request).pace().Wait("setattr", path);
  const int source = Of(request).source();
  int result = 0;
  if ((what & FUSE_SET_ATTR_MODE) != 0) result = ::fchmodat(source, path.c_str(), wanted->st_mode & 07777, 0);
  if (result == 0 && (what & FUSE_SET_ATTR_SIZE) != 0) {
    const int fd = ::openat(source, path.c_str(), O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
    result = fd < 0 ? -1 : ::ftruncate(fd, wanted->st_size);
    if (fd >= 0) ::close(fd);
  }
  if (result == 0 && (what & (FUSE_SET_ATTR_MTIME | FUSE_SET_ATTR_MTIME_NOW)) != 0) {
    result = ::utimensat(source, path.c_str(), nullptr, AT_SYMLINK_NOFOLLOW);
  }
  struct stat attributes = {};
  if (result == 0) result = ::fstatat(source, path.c_str(), &attributes, AT_SYMLINK_NOFOLLOW);
  result != 0 ? fuse_reply_err(request, errno)
              : fuse_reply_attr(request, &attributes, Of(request).cache_seconds());
}

void Sync(fuse_req_t request, fuse_ino_t id, int, fuse_file_info*) {
  Of(request).pace().Wait("fsync", Of(request).tree().PathOf(id));
  fuse_reply_err(request, 0);
}

}  // namespace

void AddWriting(fuse_lowlevel_ops* operations) {
  operations->mkdir = MakeDirectory;
  operations->symlink = MakeSymlink;
  operations->create = Create;
  operations->write = Write;
  operations->unlink = Unlink;
  operations->rmdir = RemoveDirectory;
  operations->rename = Rename;
  operations->setattr = SetAttributes;
  operations->fsync = Sync;
}

}  // namespace reloc::slowfs
