#include "reloc/launch/mounts.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "reloc/base/file.h"

namespace reloc {
namespace {

// linux/openat2.h, by number: Linux 5.6.
constexpr long kOpenat2 = 437;
constexpr uint64_t kResolveNoXdev = 0x01;
struct OpenHow {
  uint64_t flags, mode, resolve;
};

// The word after "mnt_id:".
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

// Finds one mount in the text of /proc/self/mountinfo, which comes in pieces:
//   ID PARENT MAJOR:MINOR ROOT PLACE OPTIONS [TAG]... - TYPE SOURCE OPTIONS
class MountSearch {
 public:
  explicit MountSearch(string_view id) : id_(id) {}

  // True when the mount's type is known.
  bool Take(string_view text) {
    for (char c : text) {
      if (c != ' ' && c != '\n') {
        word_ << c;
      } else if (EndWord(c == '\n')) {
        return true;
      }
    }
    return false;
  }
  // Cut off if it is long.
  string_view type() const { return word_.view(); }

 private:
  bool EndWord(bool ends_line) {
    if (is_type_next_ && is_wanted_) return true;
    if (words_++ == 0) is_wanted_ = word_.view() == id_;
    is_type_next_ = word_.view() == "-";
    if (ends_line) words_ = 0;
    word_.Clear();
    return false;
  }

  string_view id_;
  FixedText<64> word_;
  size_t words_ = 0;  // of this line
  bool is_wanted_ = false;
  bool is_type_next_ = false;
};

bool IsFuseMount(string_view id) {
  Result<UniqueFd> file = Open("/proc/self/mountinfo", O_RDONLY);
  if (!file.ok()) return true;
  MountSearch search(id);
  char text[4096];
  while (true) {
    Result<size_t> size = ReadAll(file->get(), text);
    if (!size.ok() || *size == 0) return true;  // a mount that is not listed
    if (search.Take({text, *size})) return StartsWith(search.type(), "fuse");
  }
}

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

Errno ReadKnownAttributes(int fd, KernelStatx* attributes) {
  return Statx(fd, "", kAtEmptyPath | kStatxDontSync, kStatxBasicStats, attributes);
}

bool MayBeFuse(int fd, const KernelStatx& attributes) {
  if (attributes.dev_major != 0) return false;  // on a block device
  FixedText<32> id;
  return !ReadMountId(fd, &id).ok() || IsFuseMount(id.view());
}

}  // namespace reloc
