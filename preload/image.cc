#include "preload/image.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "preload/loader_file.h"
#include "reloc/base/own_machine.h"
#include "reloc/base/path.h"
#include "reloc/base/raw.h"

namespace reloc {
namespace {

// Opens the file at `path`, which may be in `where`, and stores its place in `where`. Does not block: it may
// be a pipe.
int OpenImage(const char* path, TextBuffer* where) {
  constexpr int kFlags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
  MappedPath mapped;
  const char* found = mapped.Map(path);
  long fd = raw::Call(SYS_openat, AT_FDCWD, raw::Address(found), kFlags);
  if (fd == -ENOENT) {
    if (const char* elsewhere = mapped.MapLinks(AT_FDCWD, path, Links::kFollow); elsewhere != nullptr) {
      found = elsewhere;
      fd = raw::Call(SYS_openat, AT_FDCWD, raw::Address(found), kFlags);
    }
  }
  if (found != where->c_str()) {
    where->Clear();
    *where << found;
  }
  return static_cast<int>(fd);
}

bool IsExecutable(const char* path) {
  return raw::Call(SYS_faccessat, AT_FDCWD, raw::Address(path), X_OK) == 0;
}

bool IsBlank(char c) { return c == ' ' || c == '\t'; }

class OpenedFile {
 public:
  explicit OpenedFile(int fd) : fd_(fd) {}
  ~OpenedFile() {
    if (fd_ >= 0) raw::Close(fd_);
  }
  OpenedFile(const OpenedFile&) = delete;
  OpenedFile& operator=(const OpenedFile&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

}  // namespace

int Image::Inspect(const char* path) {
  for (int depth = 0; depth <= kMostScripts; ++depth) {
    OpenedFile file(OpenImage(path, &path_));
    if (path_.overflowed()) return ENAMETOOLONG;
    char* head = heads_[depth];
    long size = file.get() < 0 ? -1 : raw::ReadAt(file.get(), head, kHeadSize, 0);
    if (size < 4 || !IsExecutable(path_.c_str())) return 0;
    if (memcmp(head, ELFMAG, SELFMAG) == 0) {
      InspectElf(file.get());
      return 0;
    }
    if (head[0] != '#' || head[1] != '!') return 0;
    if (depth == kMostScripts) break;
    head[size < static_cast<long>(kHeadSize) ? size : static_cast<long>(kHeadSize) - 1] = '\0';
    // The caller's path, or the interpreter's, which PushFront() stored there as the last script's argv[0].
    if (depth == 0) PushFront(const_cast<char*>(path));
    if (!ReadScript(depth)) return 0;
    path = interpreter_;
  }
  return ELOOP;
}

// Parses the first line as Linux does (fs/binfmt_script.c): an interpreter, and the rest as one argument.
// Returns false if there is no interpreter; then the kernel reports the error.
bool Image::ReadScript(int depth) {
  char* at = heads_[depth] + 2;
  char* end = strchrnul(at, '\n');
  while (end > at && IsBlank(end[-1])) --end;
  *end = '\0';
  while (IsBlank(*at)) ++at;
  if (*at == '\0') return false;
  char* interpreter = at;
  while (*at != '\0' && !IsBlank(*at)) ++at;
  if (*at != '\0') *at++ = '\0';
  while (IsBlank(*at)) ++at;
  if (*at != '\0') PushFront(at);
  PushFront(interpreter);
  interpreter_ = interpreter;
  return true;
}

void Image::InspectElf(int fd) {
  if (raw::ReadAt(fd, reinterpret_cast<char*>(&header_), sizeof header_, 0) != sizeof header_) return;
  if (!IsOfOwnMachine(header_) || !FindInterpreter(fd)) return;
  if (PrefixEnd(loader_.c_str(), Setting().prefix) == 0) {
    if (TakesPreload(fd)) kind_ = ImageKind::kHost;
    return;
  }
  DescribeLoader();
}

// Stores the path of PT_INTERP in loader_. Returns false for a static program.
bool Image::FindInterpreter(int fd) {
  for (size_t i = 0; i < header_.e_phnum; ++i) {
    ElfW(Phdr) segment;
    size_t offset = header_.e_phoff + i * sizeof segment;
    if (raw::ReadAt(fd, reinterpret_cast<char*>(&segment), sizeof segment, offset) != sizeof segment)
      return false;
    if (segment.p_type != PT_INTERP) continue;
    char name[4096];
    if (segment.p_filesz == 0 || segment.p_filesz > sizeof name) return false;
    long size = raw::ReadAt(fd, name, segment.p_filesz, segment.p_offset);
    if (size != static_cast<long>(segment.p_filesz) || name[size - 1] != '\0') return false;
    loader_.Clear();
    loader_ << name;
    return true;
  }
  return false;
}

// Returns true for programs of the host's glibc, except those that gain privileges when executed, for which
// ld.so would ignore the module.
bool Image::TakesPreload(int fd) const {
  if (!StartsWith(BaseName(loader_.view()), "ld-linux")) return false;
  for (char c : Setting().modules) {
    if (c == ' ') return false;  // LD_PRELOAD cannot name it
  }
  struct stat st;
  if (raw::Call(SYS_newfstatat, fd, raw::Address(""), raw::Address(&st), AT_EMPTY_PATH) != 0) return false;
  if ((st.st_mode & (S_ISUID | S_ISGID)) != 0) return false;
  return raw::Call(SYS_fgetxattr, fd, raw::Address("security.capability"), 0, 0) < 0;
}

void Image::DescribeLoader() {
  OpenedFile file(OpenImage(loader_.c_str(), &loader_));
  const LoaderSetting& setting = Setting();
  if (loader_.view() == setting.loader) {
    options_ << setting.options;
  } else if (!ReadLoaderFile(file.get(), DirName(loader_.view()), &options_)) {
    return;  // not glibc's: the program runs without this module, and will not find itself
  }
  kind_ = ImageKind::kPack;
}

}  // namespace reloc
