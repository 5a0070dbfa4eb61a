#include "reloc/launch/pack_image.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <utility>

#include "reloc/base/file.h"
#include "reloc/base/fnv.h"

namespace reloc {
namespace {

// The beginning of the superblock, little-endian, from Linux's Documentation/filesystems/squashfs.rst and
// fs/squashfs/squashfs_fs.h.
struct Superblock {
  uint32_t magic;
  uint32_t before_size[9];
  uint64_t size;  // in bytes, without the padding of the last block
};
static_assert(sizeof(Superblock) == 48);
constexpr uint32_t kSquashfsMagic = 0x73717368;  // "hsqs"

uint64_t Nanoseconds(const struct timespec& time) {
  return static_cast<uint64_t>(time.tv_sec) * 1000000000 + static_cast<uint64_t>(time.tv_nsec);
}

// Reads the superblock. A file that is too short reads as zeros.
Superblock ReadSuperblock(const PackImage& image) {
  Superblock superblock = {};
  FixedText<64> path;
  path << "/proc/self/fd/" << image.file.get();
  Result<UniqueFd> fd = Open(path.c_str(), O_RDONLY);
  if (!fd.ok() || ::pread(fd->get(), &superblock, sizeof superblock, 0) != sizeof superblock) return {};
  return superblock;
}

}  // namespace

bool SplitImagePath(string_view program, PathText* image, string_view* inside) {
  for (string_view above = DirName(program); above.size() > 1; above = DirName(above)) {
    image->Clear();
    *image << above;
    struct stat st;
    if (::stat(image->c_str(), &st) != 0) continue;
    *inside = Suffix(program, above.size() + 1);
    return S_ISREG(st.st_mode);
  }
  return false;
}

bool FindImageTarget(string_view program, ImageTarget* target) {
  PathText path;
  return SplitImagePath(program, &path, &target->inside) && OpenPackImage(path.c_str(), &target->image).ok();
}

Errno OpenPackImage(const char* path, PackImage* image) {
  Result<UniqueFd> fd = Open(path, O_PATH);
  if (!fd.ok()) return fd.error();
  struct stat st;
  if (::fstat(fd->get(), &st) != 0) return Errno::Last();
  if (!S_ISREG(st.st_mode)) return Errno{EINVAL};
  FixedText<64> link;
  link << "/proc/self/fd/" << fd->get();
  image->path.Clear();
  RELOC_TRY(ReadLink(AT_FDCWD, link.c_str(), &image->path));
  image->key = {FileId{st.st_dev, st.st_ino},
                ImageVersion(static_cast<uint64_t>(st.st_size), st.st_mtim, st.st_ctim), Fnv1a64("")};
  image->file = std::move(*fd);
  return kOk;
}

PackDigest ImageVersion(uint64_t size, const struct timespec& modified, const struct timespec& changed) {
  const uint64_t words[2] = {Nanoseconds(changed), Nanoseconds(modified) * 0x9e3779b97f4a7c15 ^ size};
  PackDigest version;
  static_assert(sizeof words == sizeof version);
  memcpy(version.data(), words, sizeof words);
  return version;
}

bool CheckImage(const PackImage& image, Failure* failure) {
  const Superblock superblock = ReadSuperblock(image);
  struct stat st;
  if (::fstat(image.file.get(), &st) != 0) {
    failure->Set("read", Errno::Last(), image.path.view());
  } else if (superblock.magic != kSquashfsMagic) {
    failure->Set("read", kOk, image.path.view(), "it is no SquashFS image, or may not be read");
  } else if (superblock.size > static_cast<uint64_t>(st.st_size)) {
    failure->Set("read", kOk, image.path.view(), "the image is cut off: copy or make it anew");
  }
  return !failure->failed();
}

}  // namespace reloc
