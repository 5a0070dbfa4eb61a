// An image does not change while it is mounted. So the kernel may cache every answer for good, including that
// a name does not exist; it asks once for each thing, however many programs want it.
//
// ENOSYS means "do not ask again": then the kernel opens files and directories by itself, and caches pages
// and listings. libfuse answers this for operations that are not here, such as access and flush. There is no
// state for files that the kernel knows, so that it may forget them silently.
#include "image/operations.h"

#include <errno.h>

#include <string>

#include "image/squashfs.h"

namespace reloc::image {
namespace {

constexpr double kForGood = 1e9;  // s; the kernel truncates what it cannot count

Squashfs& Of(fuse_req_t request) { return *static_cast<Squashfs*>(fuse_req_userdata(request)); }

// Set if the kernel does this by itself: Linux 5.1 and later. All kernels that mount in a user namespace open
// files by themselves.
bool g_opens_directories = false;

void Init(void*, fuse_conn_info* connection) {
  constexpr unsigned kWanted =
      FUSE_CAP_NO_OPEN_SUPPORT | FUSE_CAP_NO_OPENDIR_SUPPORT | FUSE_CAP_CACHE_SYMLINKS;
  connection->want |= connection->capable & kWanted;
  g_opens_directories = (connection->capable & FUSE_CAP_NO_OPENDIR_SUPPORT) != 0;
}

void Open(fuse_req_t request, fuse_ino_t, fuse_file_info*) { fuse_reply_err(request, ENOSYS); }

void OpenDirectory(fuse_req_t request, fuse_ino_t, fuse_file_info* file) {
  if (g_opens_directories) {
    fuse_reply_err(request, ENOSYS);
  } else {
    fuse_reply_open(request, file);
  }
}

void Lookup(fuse_req_t request, fuse_ino_t parent, const char* name) {
  fuse_entry_param entry = {};
  entry.attr_timeout = entry.entry_timeout = kForGood;
  int error = Of(request).Find(parent, name, &entry.ino);
  if (error == 0) error = Of(request).GetAttributes(entry.ino, &entry.attr);
  // Number 0 means that the name is known not to exist.
  if (error == 0 || error == ENOENT) {
    fuse_reply_entry(request, &entry);
  } else {
    fuse_reply_err(request, error);
  }
}

void GetAttributes(fuse_req_t request, fuse_ino_t number, fuse_file_info*) {
  struct stat attributes;
  if (int error = Of(request).GetAttributes(number, &attributes); error != 0) {
    fuse_reply_err(request, error);
  } else {
    fuse_reply_attr(request, &attributes, kForGood);
  }
}

void ReadLink(fuse_req_t request, fuse_ino_t number) {
  std::string target;
  if (int error = Of(request).ReadLink(number, &target); error != 0) {
    fuse_reply_err(request, error);
  } else {
    fuse_reply_readlink(request, target.c_str());
  }
}

void GetSpace(fuse_req_t request, fuse_ino_t) {
  const struct statvfs space = Of(request).Space();
  fuse_reply_statfs(request, &space);
}

void ReplyBytes(fuse_req_t request, int error, const std::string& bytes) {
  if (error != 0) {
    fuse_reply_err(request, error);
  } else {
    fuse_reply_buf(request, bytes.data(), bytes.size());
  }
}

void Read(fuse_req_t request, fuse_ino_t number, size_t size, off_t offset, fuse_file_info*) {
  std::string bytes;
  int error = Of(request).Read(number, offset, size, &bytes);
  ReplyBytes(request, error, bytes);
}

void ReadDirectory(fuse_req_t request, fuse_ino_t number, size_t size, off_t offset, fuse_file_info*) {
  std::string bytes;
  int error = Of(request).List(number, offset, [&](const DirectoryEntry& entry) {
    const size_t at = bytes.size(), more = fuse_add_direntry(request, nullptr, 0, entry.name, nullptr, 0);
    if (at + more > size) return false;
    bytes.resize(at + more);
    fuse_add_direntry(request, &bytes[at], more, entry.name, &entry.attributes, entry.next);
    return true;
  });
  ReplyBytes(request, error, bytes);
}

// Extended attributes: packs have none. The answer is not ENOSYS, which programs would see as a file system
// without support for them.
void GetAttribute(fuse_req_t request, fuse_ino_t, const char*, size_t) { fuse_reply_err(request, ENODATA); }

void ListAttributes(fuse_req_t request, fuse_ino_t, size_t size) {
  if (size == 0) {
    fuse_reply_xattr(request, 0);
  } else {
    fuse_reply_buf(request, nullptr, 0);
  }
}

fuse_lowlevel_ops MakeOperations() {
  fuse_lowlevel_ops operations = {};
  operations.init = Init;
  operations.lookup = Lookup;
  operations.getattr = GetAttributes;
  operations.readlink = ReadLink;
  operations.statfs = GetSpace;
  operations.open = Open;
  operations.read = Read;
  operations.opendir = OpenDirectory;
  operations.readdir = ReadDirectory;
  operations.getxattr = GetAttribute;
  operations.listxattr = ListAttributes;
  return operations;
}

}  // namespace

const fuse_lowlevel_ops& Operations() {
  static const fuse_lowlevel_ops operations = MakeOperations();
  return operations;
}

}  // namespace reloc::image
