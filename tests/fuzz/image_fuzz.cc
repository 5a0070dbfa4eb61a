// Whatever an image's bytes are, reads stay within bounds, and walking through it ends.
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "image/squashfs.h"

namespace {

using reloc::image::DirectoryEntry;
using reloc::image::Squashfs;

constexpr size_t kRead = 10'000;  // bytes at a time
constexpr int kReads = 4;

class Walk {
 public:
  explicit Walk(Squashfs* image) : image_(image) {}

  void Directory(uint64_t directory) {
    std::vector<std::string> names = List(directory);
    for (const std::string& name : names) {
      uint64_t number;
      if (--left_ > 0 && image_->Find(directory, name.c_str(), &number) == 0) File(number);
    }
    uint64_t none;
    (void)image_->Find(directory, "no such name", &none);
  }

 private:
  // In pieces, as the kernel does.
  std::vector<std::string> List(uint64_t directory) {
    std::vector<std::string> names;
    off_t offset = 0;
    for (bool more = true; more && left_ > 0; --left_) {
      more = false;
      size_t piece = 0;
      (void)image_->List(directory, offset, [&](const DirectoryEntry& entry) {
        const size_t size = strlen(entry.name);
        if (size == 0 || size > 255 || strchr(entry.name, '/') != nullptr || entry.next <= offset)
          std::abort();
        if (++piece > 50) return !(more = true);
        names.push_back(entry.name);
        offset = entry.next;
        return true;
      });
    }
    return names;
  }

  void File(uint64_t number) {
    struct stat st;
    if (image_->GetAttributes(number, &st) != 0) return;
    std::string text;
    if (S_ISDIR(st.st_mode)) Directory(number);
    if (image_->ReadLink(number, &text) == 0 && text.empty()) std::abort();
    for (int i = 0; i < kReads; ++i) Read(number, st, i * static_cast<off_t>(kRead));
    if (st.st_size > 100) Read(number, st, st.st_size - 100);
  }

  void Read(uint64_t number, const struct stat& st, off_t offset) {
    std::string bytes;
    if (image_->Read(number, offset, kRead, &bytes) != 0) return;
    const off_t there = st.st_size > offset ? st.st_size - offset : 0;
    if (!S_ISREG(st.st_mode) || static_cast<off_t>(bytes.size()) != std::min<off_t>(there, kRead))
      std::abort();
  }

  Squashfs* image_;
  int left_ = 100;  // steps
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const int fd = memfd_create("image", MFD_CLOEXEC);
  if (fd < 0 || ftruncate(fd, 0) != 0 || pwrite(fd, data, size, 0) != static_cast<ssize_t>(size))
    std::abort();
  Squashfs image;
  if (image.Open(fd, size) == nullptr) Walk(&image).Directory(reloc::image::kRoot);
  return 0;
}
