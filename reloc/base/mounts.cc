#include "reloc/base/mounts.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "reloc/base/file.h"

namespace reloc {
namespace {

// From linux/openat2.h (Linux 5.6).
constexpr long kOpenat2 = 437;
constexpr uint64_t kResolveNoXdev = 0x01;
struct OpenHow {
  uint64_t flags, mode, resolve;
};

}  // namespace

Result<UniqueFd> OpenInOneMount(int directory, const char* path) {
  const OpenHow how = {O_PATH | O_NOFOLLOW | O_CLOEXEC, 0, kResolveNoXdev};
  long fd;
  do {
    fd = ::syscall(kOpenat2, directory, path, &how, sizeof how);
  } while (fd < 0 && errno == EINTR);
  if (fd < 0) return Errno::Last();
  return UniqueFd(static_cast<int>(fd));
}

Result<UniqueFd> OpenUnmounted(int parent, const char* name) {
  Result<UniqueFd> fd = OpenInOneMount(parent, name);
  if (fd.ok() || !IsUnknownCall(fd.error())) return fd;
  fd = OpenAt(parent, name, O_PATH | O_NOFOLLOW);
  if (!fd.ok()) return fd;
  FixedText<32> outside, inside;
  if (!ReadMountId(parent, &outside).ok() || !ReadMountId(fd->get(), &inside).ok()) return Errno{ENOTSUP};
  if (outside.view() != inside.view()) return Errno{EXDEV};
  return fd;
}

// Reads the value after "mnt_id:".
Errno ReadMountId(int fd, TextBuffer* id) {
  FixedText<64> path;
  path << "/proc/self/fdinfo/" << fd;
  FixedText<1024> info;
  RELOC_TRY(ReadSmallFile(path.c_str(), &info));
  string_view rest = info.view();
  do {
    string_view value = SplitFirst(rest, '\n', &rest);
    if (!StartsWith(value, "mnt_id:")) continue;
    *id << Suffix(value, sizeof "mnt_id:");  // and a tab
    return kOk;
  } while (!rest.empty());
  return Errno{ENOTSUP};
}

bool MountSearch::Take(string_view text) {
  for (char c : text) {
    const bool separates = c == ' ' || c == '\n' || (c == ',' && place_ == Place::kOptions);
    if (!separates) {
      word_ << c;
    } else if (EndWord(c)) {
      return true;
    }
  }
  return false;
}

bool MountSearch::EndWord(char separator) {
  if (words_++ == 0) is_wanted_ = word_.view() == id_;
  if (place_ == Place::kMount) {
    if (word_.view() == "-") place_ = Place::kType;
  } else if (place_ == Place::kType) {
    is_fuse_ = StartsWith(word_.view(), "fuse");
    place_ = Place::kSource;
  } else if (place_ == Place::kSource) {
    place_ = Place::kOptions;
  } else {
    is_roots_ = is_roots_ || word_.view() == "user_id=0";
  }
  word_.Clear();
  if (separator != '\n') return false;
  if (is_wanted_) return true;
  words_ = 0;
  place_ = Place::kMount;
  is_fuse_ = is_roots_ = false;
  return false;
}

Errno FindMount(MountSearch* search) {
  Result<UniqueFd> file = Open("/proc/self/mountinfo", O_RDONLY);
  if (!file.ok()) return file.error();
  char text[4096];
  while (true) {
    Result<size_t> size = ReadAll(file->get(), text);
    if (!size.ok()) return size.error();
    if (*size == 0) return Errno{ENOENT};
    if (search->Take({text, *size})) return kOk;
  }
}

Errno ReadKnownAttributes(int fd, KernelStatx* attributes) {
  return Statx(fd, "", kAtEmptyPath | kStatxDontSync, kStatxBasicStats, attributes);
}

bool MayBeFuse(int fd, const KernelStatx& attributes) {
  if (attributes.dev_major != 0) return false;  // on a block device
  FixedText<32> id;
  if (!ReadMountId(fd, &id).ok()) return true;
  MountSearch search(id.view());
  return !FindMount(&search).ok() || search.is_fuse();
}

}  // namespace reloc
