#include "image/squashfs.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/sysmacros.h>

namespace reloc::image {
namespace {

constexpr uint64_t kRoot = 1;
// The first file of an image has the id 0, which is no number of a file in FUSE.
constexpr uint64_t kNumberOfFirst = 2;

// All that can be wrong is the image.
int ErrorOf(sqfs_err error) { return error == SQFS_OK ? 0 : EIO; }

}  // namespace

Squashfs::~Squashfs() {
  if (!open_) return;
  sqfs_destroy(&fs_);
  sqfs_fd_close(fs_.fd);
}

bool Squashfs::Open(const char* path) {
  open_ = sqfs_open_image(&fs_, path, 0) == SQFS_OK;
  return open_;
}

int Squashfs::Get(uint64_t number, sqfs_inode* inode) {
  return ErrorOf(
      sqfs_inode_get(&fs_, inode, number == kRoot ? sqfs_inode_root(&fs_) : number - kNumberOfFirst));
}

struct statvfs Squashfs::Space() const {
  struct statvfs space = {};
  space.f_bsize = space.f_frsize = fs_.sb.block_size;
  space.f_blocks = (fs_.sb.bytes_used + fs_.sb.block_size - 1) / fs_.sb.block_size;
  space.f_files = fs_.sb.inodes;
  space.f_namemax = SQUASHFS_NAME_LEN;
  return space;
}

int Squashfs::Find(uint64_t directory, const char* name, uint64_t* number) {
  sqfs_inode inode;
  if (int error = Get(directory, &inode); error != 0) return error;
  sqfs_name memory;
  sqfs_dir_entry entry;
  sqfs_dentry_init(&entry, memory);
  bool found = false;
  if (sqfs_dir_lookup(&fs_, &inode, name, strlen(name), &entry, &found) != SQFS_OK) return EIO;
  if (!found) return ENOENT;
  *number = sqfs_dentry_inode(&entry) + kNumberOfFirst;
  return 0;
}

int Squashfs::GetAttributes(uint64_t number, struct stat* attributes) {
  sqfs_inode inode;
  if (int error = Get(number, &inode); error != 0) return error;
  *attributes = {};
  attributes->st_ino = inode.base.inode_number;
  attributes->st_mode = inode.base.mode;
  attributes->st_nlink = static_cast<nlink_t>(inode.nlink);
  attributes->st_mtime = attributes->st_ctime = attributes->st_atime = inode.base.mtime;
  attributes->st_blksize = fs_.sb.block_size;
  if (S_ISREG(inode.base.mode)) attributes->st_size = static_cast<off_t>(inode.xtra.reg.file_size);
  if (S_ISLNK(inode.base.mode)) attributes->st_size = static_cast<off_t>(inode.xtra.symlink_size);
  if (S_ISDIR(inode.base.mode)) attributes->st_size = inode.xtra.dir.dir_size;
  if (S_ISCHR(inode.base.mode) || S_ISBLK(inode.base.mode))
    attributes->st_rdev = makedev(inode.xtra.dev.major, inode.xtra.dev.minor);
  attributes->st_blocks = (attributes->st_size + 511) / 512;
  return ErrorOf(sqfs_id_get(&fs_, inode.base.uid, &attributes->st_uid)) |
         ErrorOf(sqfs_id_get(&fs_, inode.base.guid, &attributes->st_gid));
}

int Squashfs::ReadLink(uint64_t number, std::string* target) {
  sqfs_inode inode;
  if (int error = Get(number, &inode); error != 0) return error;
  size_t size = PATH_MAX;  // with the NUL
  if (!S_ISLNK(inode.base.mode) || inode.xtra.symlink_size >= size) return EIO;
  target->resize(size);
  if (sqfs_readlink(&fs_, &inode, target->data(), &size) != SQFS_OK) return EIO;
  target->resize(strlen(target->c_str()));
  return 0;
}

int Squashfs::Read(uint64_t number, off_t offset, size_t size, std::string* bytes) {
  sqfs_inode inode;
  if (int error = Get(number, &inode); error != 0) return error;
  bytes->resize(size);
  sqfs_off_t found = static_cast<sqfs_off_t>(size);
  if (sqfs_read_range(&fs_, &inode, offset, &found, bytes->data()) != SQFS_OK) return EIO;
  bytes->resize(static_cast<size_t>(found));
  return 0;
}

int Squashfs::List(uint64_t directory, off_t offset, const std::function<bool(const DirectoryEntry&)>& take) {
  sqfs_inode inode;
  if (int error = Get(directory, &inode); error != 0) return error;
  sqfs_dir listing;
  if (sqfs_dir_open(&fs_, &inode, &listing, offset) != SQFS_OK) return EIO;
  sqfs_name memory;
  sqfs_dir_entry each;
  sqfs_dentry_init(&each, memory);
  sqfs_err error = SQFS_OK;
  while (sqfs_dir_next(&fs_, &listing, &each, &error)) {
    DirectoryEntry entry = {sqfs_dentry_name(&each), {}, sqfs_dentry_next_offset(&each)};
    entry.attributes.st_ino = sqfs_dentry_inode_num(&each);
    entry.attributes.st_mode = sqfs_dentry_mode(&each);
    if (!take(entry)) return 0;
  }
  return ErrorOf(error);
}

}  // namespace reloc::image
