#include "image/inode.h"

#include <limits.h>

namespace reloc::image {
namespace {

constexpr uint16_t kFirstLong = 8;  // types from it on have more fields
constexpr uint64_t kMaxFileSize = uint64_t{1} << 62;
constexpr uint32_t kListingExtra = 3;  // a directory's size counts "." and "..", which are not in its listing

struct Common {
  uint16_t type, permissions, user, group;
  uint32_t time, number;
};
static_assert(sizeof(Common) == 16);

struct Regular {
  uint32_t data, fragment, fragment_offset, size;
};
struct LongRegular {
  uint64_t data, size, sparse;
  uint32_t links, fragment, fragment_offset, xattr;
};
struct Directory {
  uint32_t block, links;
  uint16_t size, offset;
  uint32_t parent;
};
struct LongDirectory {
  uint32_t links, size, block, parent;
  uint16_t indices, offset;
  uint32_t xattr;
};
struct Symlink {
  uint32_t links, size;
};
static_assert(sizeof(Regular) == 16 && sizeof(LongRegular) == 40 && sizeof(Directory) == 16 &&
              sizeof(LongDirectory) == 24 && sizeof(Symlink) == 8);

class Reader {
 public:
  Reader(Blocks* blocks, Place place, Inode* inode) : blocks_(blocks), place_(place), inode_(inode) {}

  bool Read() {
    Common common;
    if (!Get(&common)) return false;
    const bool is_long = common.type >= kFirstLong;
    inode_->type = static_cast<FileType>(is_long ? common.type - kFirstLong + 1 : common.type);
    inode_->permissions = common.permissions & 07777;
    inode_->user = common.user;
    inode_->group = common.group;
    inode_->time = common.time;
    inode_->number = common.number;
    switch (inode_->type) {
      case FileType::kRegular:
        return is_long ? ReadRegular<LongRegular>() : ReadRegular<Regular>();
      case FileType::kDirectory:
        return is_long ? ReadDirectory<LongDirectory>() : ReadDirectory<Directory>();
      case FileType::kSymlink:
        return ReadSymlink();
    }
    return false;
  }

 private:
  template <typename T>
  bool Get(T* fields) {
    return blocks_->ReadMetadata(&place_, fields, sizeof *fields);
  }

  template <typename T>
  bool ReadRegular() {
    T fields;
    if (!Get(&fields) || fields.size > kMaxFileSize) return false;
    if constexpr (requires { fields.links; }) inode_->links = fields.links;
    inode_->size = fields.size;
    inode_->data = fields.data;
    inode_->fragment = fields.fragment;
    inode_->fragment_offset = fields.fragment_offset;
    inode_->place = place_;
    return true;
  }

  template <typename T>
  bool ReadDirectory() {
    T fields;
    if (!Get(&fields)) return false;
    inode_->links = fields.links;
    inode_->size = fields.size > kListingExtra ? fields.size - kListingExtra : 0;
    inode_->place = {blocks_->superblock().directory_table + fields.block, fields.offset};
    return true;
  }

  bool ReadSymlink() {
    Symlink fields;
    if (!Get(&fields) || fields.size == 0 || fields.size >= PATH_MAX) return false;
    inode_->links = fields.links;
    inode_->size = fields.size;
    inode_->place = place_;
    return true;
  }

  Blocks* blocks_;
  Place place_;
  Inode* inode_;
};

}  // namespace

bool ReadInode(Blocks* blocks, InodeId id, Inode* inode) {
  const Superblock& superblock = blocks->superblock();
  const uint64_t block = id >> 16;
  if (block >= superblock.directory_table - superblock.inode_table) return false;
  *inode = {};
  return Reader(blocks, {superblock.inode_table + block, static_cast<uint32_t>(id & 0xffff)}, inode).Read();
}

}  // namespace reloc::image
