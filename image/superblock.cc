#include "image/superblock.h"

namespace reloc::image {
namespace {

constexpr uint32_t kMagic = 0x73717368;  // "hsqs"
constexpr uint32_t kMinBlockSize = 4096;
constexpr uint64_t kIdsPerBlock = kMetadataSize / 4, kFragmentsPerBlock = kMetadataSize / 16;

bool CanUnpack(Compression compression) {
  switch (compression) {
    case Compression::kGzip:
    case Compression::kXz:
    case Compression::kLz4:
    case Compression::kZstd:
      return true;
    default:
      return false;  // LZO's library is under the GPL, and lzma is older than xz
  }
}

// Returns whether a list of the positions of `count` entries' blocks fits at `start`.
bool Fits(const Superblock& superblock, uint64_t start, uint64_t count, uint64_t per_block) {
  const uint64_t bytes = (count + per_block - 1) / per_block * 8;
  return start >= sizeof superblock && start <= superblock.size && bytes <= superblock.size - start;
}

}  // namespace

const char* FindFlaw(const Superblock& superblock, uint64_t file_size) {
  const Superblock& s = superblock;
  if (s.magic != kMagic) return "it is no SquashFS image";
  if (s.major != 4 || s.minor != 0) return "its version of SquashFS is not 4.0";
  if (!CanUnpack(s.compression)) return "its compression is none of gzip, xz, lz4 and zstd";
  if (s.block_size < kMinBlockSize || s.block_size > kMaxBlockSize || s.block_log > 20 ||
      s.block_size != uint32_t{1} << s.block_log)
    return "damaged: its block size is wrong";
  if (s.size < sizeof s || s.size > file_size) return "damaged: its size is wrong";
  const bool tables = s.inode_table >= sizeof s && s.inode_table < s.directory_table &&
                      s.directory_table < s.size && s.ids > 0 && Fits(s, s.id_table, s.ids, kIdsPerBlock) &&
                      (s.fragments == 0 || Fits(s, s.fragment_table, s.fragments, kFragmentsPerBlock));
  return tables ? nullptr : "damaged: its tables are outside of it";
}

}  // namespace reloc::image
