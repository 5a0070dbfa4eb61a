// The first 96 bytes of a SquashFS 4.0 image, which give the positions of its tables. Numbers are
// little-endian, like this host.
#pragma once

#include <stdint.h>

namespace reloc::image {

constexpr uint32_t kMetadataSize = 8192;  // of each metadata block, unpacked, except the last one of a table
constexpr uint32_t kMaxBlockSize = 1 << 20;

enum class Compression : uint16_t { kGzip = 1, kLzma, kLzo, kXz, kLz4, kZstd };

// From Linux's Documentation/filesystems/squashfs.rst and fs/squashfs/squashfs_fs.h.
struct Superblock {
  uint32_t magic;
  uint32_t inodes;
  uint32_t time;
  uint32_t block_size;
  uint32_t fragments;
  Compression compression;
  uint16_t block_log;
  uint16_t flags;
  uint16_t ids;
  uint16_t major, minor;
  uint64_t root;
  uint64_t size;  // of the image in bytes, without the padding of its last block
  uint64_t id_table, xattr_table, inode_table, directory_table, fragment_table, export_table;
};
static_assert(sizeof(Superblock) == 96);

// Returns what is wrong with it, in a file of `file_size` bytes; nullptr if nothing. If nothing is, all
// positions that the reader uses are inside the image.
const char* FindFlaw(const Superblock& superblock, uint64_t file_size);

}  // namespace reloc::image
