#include "image/squashfs.h"

#include <errno.h>
#include <string.h>

#include <algorithm>
#include <string_view>

namespace reloc::image {
namespace {

// The first file of an image may have the id 0, which is not valid as a file number in FUSE.
constexpr uint64_t kNumberOfFirst = 2;
// All directories of an image together, in bytes: some 2 million names. An image of 100 KB can have more.
constexpr uint64_t kMaxListed = 64 << 20;
constexpr uint64_t kMinDirectory = 32;  // the least that one is counted as

mode_t TypeBits(FileType type) {
  switch (type) {
    case FileType::kDirectory:
      return S_IFDIR;
    case FileType::kSymlink:
      return S_IFLNK;
    default:
      return S_IFREG;
  }
}

}  // namespace

const char* Squashfs::Open(int fd, uint64_t size) {
  Superblock superblock = {};
  superblock.size = sizeof superblock;  // the range that may be read until more is known
  blocks_.Open(fd, superblock);
  if (!blocks_.ReadRaw(0, &superblock, sizeof superblock)) return "it cannot be read";
  if (const char* flaw = FindFlaw(superblock, size)) return flaw;
  blocks_.Open(fd, superblock);
  Inode root;
  if (!ReadIds()) return "damaged: its table of owners cannot be read";
  if (!ReadInode(&blocks_, superblock.root, &root) || root.type != FileType::kDirectory ||
      !Register(superblock.root, root, {}))
    return "damaged: its root is no directory";
  return nullptr;
}

InodeId Squashfs::IdOf(uint64_t number) const {
  return number == kRoot ? blocks_.superblock().root : number - kNumberOfFirst;
}

bool Squashfs::ReadIds() {
  constexpr size_t kPerBlock = kMetadataSize / sizeof ids_[0];
  ids_.resize(blocks_.superblock().ids);
  for (size_t first = 0; first < ids_.size(); first += kPerBlock) {
    Place place;
    const size_t count = std::min(kPerBlock, ids_.size() - first);
    if (!blocks_.ReadRaw(blocks_.superblock().id_table + first / kPerBlock * 8, &place.block,
                         sizeof place.block) ||
        !blocks_.ReadMetadata(&place, &ids_[first], count * sizeof ids_[0]))
      return false;
  }
  return true;
}

// Registers a directory, which must have one name. One with several, or one inside itself, makes a small
// image endless for every program that walks through it; so do directories that share their listings, so each
// of them counts.
bool Squashfs::Register(InodeId id, const Inode& directory, const Name& name) {
  const auto known = directories_.find(id);
  if (known != directories_.end()) return known->second == name;
  const uint64_t size = std::max(directory.size, kMinDirectory);
  if (size > kMaxListed - listed_) return false;
  listed_ += size;
  directories_.emplace(id, name);
  return true;
}

struct statvfs Squashfs::Space() const {
  const Superblock& superblock = blocks_.superblock();
  struct statvfs space = {};
  space.f_bsize = space.f_frsize = superblock.block_size;
  space.f_blocks = (superblock.size + superblock.block_size - 1) / superblock.block_size;
  space.f_files = superblock.inodes;
  space.f_namemax = kMaxName;
  return space;
}

bool Squashfs::OpenListing(uint64_t directory, Listing* listing) {
  Inode inode;
  // A directory that was not found by its name has not been counted.
  if (!directories_.contains(IdOf(directory)) || !ReadInode(&blocks_, IdOf(directory), &inode)) return false;
  *listing = Listing(inode);
  return inode.type == FileType::kDirectory;
}

int Squashfs::Find(uint64_t directory, const char* name, uint64_t* number) {
  Listing listing;
  if (!OpenListing(directory, &listing)) return EIO;
  const std::string_view wanted = name;
  Entry entry;
  for (uint64_t offset = 0; listing.Next(&blocks_, &entry); offset = listing.offset()) {
    const int order = wanted.compare(entry.name);
    if (order > 0) continue;
    if (order < 0) return ENOENT;  // they are sorted
    Inode inode;
    if (!ReadInode(&blocks_, entry.id, &inode) || inode.type != static_cast<FileType>(entry.type)) return EIO;
    if (inode.type == FileType::kDirectory && !Register(entry.id, inode, {IdOf(directory), offset}))
      return EIO;
    *number = entry.id + kNumberOfFirst;
    return 0;
  }
  return listing.damaged() ? EIO : ENOENT;
}

int Squashfs::GetAttributes(uint64_t number, struct stat* attributes) {
  Inode inode;
  if (!ReadInode(&blocks_, IdOf(number), &inode)) return EIO;
  if (inode.user >= ids_.size() || inode.group >= ids_.size()) return EIO;
  *attributes = {};
  attributes->st_ino = inode.number;
  attributes->st_mode = TypeBits(inode.type) | inode.permissions;
  attributes->st_nlink = inode.links;
  attributes->st_mtime = attributes->st_ctime = attributes->st_atime = inode.time;
  attributes->st_blksize = blocks_.superblock().block_size;
  attributes->st_size = static_cast<off_t>(inode.size);
  attributes->st_blocks = (attributes->st_size + 511) / 512;
  attributes->st_uid = ids_[inode.user];
  attributes->st_gid = ids_[inode.group];
  return 0;
}

int Squashfs::ReadLink(uint64_t number, std::string* target) {
  Inode inode;
  if (!ReadInode(&blocks_, IdOf(number), &inode) || inode.type != FileType::kSymlink) return EIO;
  target->resize(inode.size);
  if (!blocks_.ReadMetadata(&inode.place, target->data(), inode.size)) return EIO;
  return target->find('\0') == target->npos ? 0 : EIO;
}

int Squashfs::Read(uint64_t number, off_t offset, size_t size, std::string* bytes) {
  Inode inode;
  if (!ReadInode(&blocks_, IdOf(number), &inode) || inode.type != FileType::kRegular || offset < 0)
    return EIO;
  return content_.Read(IdOf(number), inode, static_cast<uint64_t>(offset), size, bytes) ? 0 : EIO;
}

int Squashfs::List(uint64_t directory, off_t offset, const std::function<bool(const DirectoryEntry&)>& take) {
  const InodeId id = IdOf(directory);
  const uint64_t wanted = static_cast<uint64_t>(offset);
  Listing listing = last_listing_;
  Entry entry;
  if (id != last_listed_ || wanted != listing.offset() || wanted == 0) {
    if (!OpenListing(directory, &listing)) return EIO;
    while (listing.offset() < wanted && listing.Next(&blocks_, &entry)) {
    }
    if (listing.offset() != wanted) return EIO;
  }
  last_listed_ = id;
  for (last_listing_ = listing; listing.Next(&blocks_, &entry); last_listing_ = listing) {
    DirectoryEntry shown = {entry.name, {}, static_cast<off_t>(listing.offset())};
    shown.attributes.st_ino = entry.number;
    shown.attributes.st_mode = TypeBits(static_cast<FileType>(entry.type));
    if (!take(shown)) return 0;
  }
  return listing.damaged() ? EIO : 0;
}

}  // namespace reloc::image
