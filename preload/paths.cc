// A store path is mapped as text, before libc gets it: a comparison of a few bytes, of which other paths
// differ in the first or second. Symlinks to absolute store paths (a profile consists of them) lead to a
// prefix without a store, so that the call fails with ENOENT. Only then the path is followed component by
// component, with each symlink's target mapped. Rejected: resolving every path first, which costs a system
// call for each component.
#include "preload/paths.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>

#include "reloc/base/path.h"
#include "reloc/base/raw.h"

namespace reloc {
namespace {

constexpr int kMostLinks = 40;  // path_resolution(7)

bool ReadLinkAt(int directory, const char* path, char* memory, size_t capacity, string_view* target) {
  long size = raw::Call(SYS_readlinkat, directory, raw::Address(path), raw::Address(memory),
                        static_cast<long>(capacity));
  if (size <= 0 || size >= static_cast<long>(capacity)) return false;
  *target = string_view(memory, static_cast<size_t>(size));
  return true;
}

bool ExistsAt(int directory, const char* path) {
  return raw::Call(SYS_faccessat, directory, raw::Address(path), 0) == 0;
}

// Returns true if a symlink may have led the kernel to a wrong place, or a ".." leads out of the pack or into
// the store.
bool NeedsWalk(int directory, const char* path, Links last) {
  for (const char* at = path; *at != '\0'; ++at) {
    if (at[0] == '/' && at[1] == '.' && at[2] == '.') return true;
  }
  open_how how{};
  how.flags = O_PATH | O_CLOEXEC | (last == Links::kKeep ? O_NOFOLLOW : 0);
  how.resolve = RESOLVE_NO_SYMLINKS;
  long fd = raw::Call(SYS_openat2, directory, raw::Address(path), raw::Address(&how), sizeof how);
  if (fd >= 0) raw::Close(static_cast<int>(fd));
  // ENOSYS, EPERM: an old kernel, a filter. Then the path must be followed.
  return fd < 0 && fd != -ENOENT && fd != -ENOTDIR;
}

// The part of a path that is still to be followed. It is at the end of its memory, so that a symlink's target
// is read into the free part before it: a stack may be small.
class RestOfPath {
 public:
  explicit RestOfPath(string_view path) : start_(sizeof memory_) { Put(path); }
  bool empty() const { return start_ == sizeof memory_; }
  bool overflowed() const { return overflowed_; }
  bool is_absolute() const { return !empty() && memory_[start_] == '/'; }

  // Removes and returns the first name, without the slash after it; valid until the next Put().
  string_view Take() {
    string_view rest, name = SplitFirst(string_view(memory_ + start_, sizeof memory_ - start_), '/', &rest);
    start_ = sizeof memory_ - rest.size();
    return name;
  }

  // Puts the target of the symlink at `path` in front. Returns false if there is no symlink.
  bool PutLink(int directory, const char* path) {
    string_view target;
    if (!ReadLinkAt(directory, path, memory_, start_, &target)) return false;
    if (!empty()) Put("/");
    Put(target);
    return true;
  }

 private:
  void Put(string_view text) {
    overflowed_ = overflowed_ || text.size() > start_;
    if (overflowed_) return;
    start_ -= text.size();
    memmove(memory_ + start_, text.data(), text.size());
  }

  char memory_[4096];
  size_t start_;
  bool overflowed_ = false;
};

// Follows a path as described in path_resolution(7), in a file system with the store at its prefix.
class Walk {
 public:
  Walk(int directory, string_view path, Links last, TextBuffer* out)
      : directory_(directory), last_(last), out_(*out), rest_(path), absolute_(rest_.is_absolute()) {}

  // Returns false if the path leads to where the kernel went.
  bool Follow() {
    out_.Clear();
    while (!rest_.empty() && !rest_.overflowed() && !out_.overflowed()) {
      if (!Step()) return false;
    }
    if (out_.empty()) out_ << (absolute_ ? "/" : ".");
    return mapped_ && !rest_.overflowed() && !out_.overflowed();
  }

 private:
  bool Step() {
    string_view name = rest_.Take();
    if (name.empty() || name == ".") return true;
    if (name == "..") return Leave();
    const size_t before = out_.size();
    if (absolute_ || before > 0) out_ << '/';
    out_ << name;
    if (absolute_) EnterStore();
    if (rest_.empty() && last_ == Links::kKeep) return true;
    if (!rest_.PutLink(directory_, out_.c_str())) return true;
    absolute_ = absolute_ || rest_.is_absolute();
    out_.Truncate(rest_.is_absolute() ? 0 : before);
    return ++links_ <= kMostLinks;
  }

  // Maps the store, and those of its parents that the host lacks, to the pack.
  void EnterStore() {
    const LoaderSetting& setting = Setting();
    if (!IsBelow(setting.prefix, out_.view())) return;
    if (out_.size() < setting.prefix.size() && ExistsAt(AT_FDCWD, out_.c_str())) return;
    // The result so far is the prefix, or a parent of it.
    const size_t size = out_.size();
    out_.Clear();
    out_ << setting.pack << Prefix(setting.prefix, size);
    mapped_ = true;
  }

  // Goes to the parent. Returns false if this is no directory.
  bool Leave() {
    const size_t size = out_.size();
    out_ << (size > 0 ? "/." : "");
    const bool is_directory = size == 0 || ExistsAt(directory_, out_.c_str());
    out_.Truncate(size);
    if (!is_directory) return false;
    string_view last = BaseName(out_.view());
    if (!absolute_ && (last.empty() || last == "..")) {
      if (!out_.empty()) out_ << '/';
      out_ << "..";
      return true;
    }
    out_.Truncate(out_.size() - last.size());
    if (!out_.empty()) out_.Truncate(out_.size() - 1);
    if (out_.view() == Setting().pack) out_.Clear();  // the parent of /gnu is /
    return true;
  }

  int directory_;
  Links last_;
  TextBuffer& out_;
  RestOfPath rest_;
  bool absolute_;
  bool mapped_ = false;
  int links_ = 0;
};

}  // namespace

size_t PrefixEnd(const char* path, string_view prefix) {
  size_t at = 0;
  while (!prefix.empty()) {
    if (path[at] != '/') return 0;
    while (path[at] == '/' || (path[at] == '.' && (path[at + 1] == '/' || path[at + 1] == '\0'))) ++at;
    string_view rest;
    string_view name = SplitFirst(Suffix(prefix, 1), '/', &rest);
    for (char c : name) {
      if (path[at++] != c) return 0;
    }
    if (path[at] != '/' && path[at] != '\0') return 0;
    prefix = Suffix(prefix, name.size() + 1);
  }
  return at;
}

bool IsMapped(const char* path, Links last) {
  if (path == nullptr || path[0] != '/' || !Active()) return false;
  return PrefixEnd(path, Setting().prefix) != 0 || (last == Links::kFollow && IsOwnProgram(path));
}

bool MayLeadElsewhere(int directory, const char* path, Links last) {
  if (path == nullptr || !Active()) return false;
  const int error = errno;
  bool may = IsBelow(Setting().prefix, path) || NeedsWalk(directory, path, last);
  errno = error;
  return may;
}

const char* MappedPath::Map(const char* path, Links last) {
  if (!IsMapped(path, last)) return path;
  const LoaderSetting& setting = Setting();
  text_.Clear();
  if (size_t end = PrefixEnd(path, setting.prefix); end != 0) {
    text_ << setting.pack << setting.prefix << (path + end);
    return text_.overflowed() ? path : text_.c_str();
  }
  return OwnProgram(&text_) ? text_.c_str() : path;
}

const char* MappedPath::MapLinks(int directory, const char* path, Links last) {
  if (!MayLeadElsewhere(directory, Map(path, last), last)) return nullptr;
  const int error = errno;
  bool elsewhere = Walk(directory, path, last, &text_).Follow();
  errno = error;
  return elsewhere ? text_.c_str() : nullptr;
}

const char* Unmapped(const char* path) {
  const LoaderSetting& setting = Setting();
  if (setting.pack.empty() || strncmp(path, setting.pack.data(), setting.pack.size()) != 0) return path;
  const char* rest = path + setting.pack.size();
  return IsBelow(rest, setting.prefix) ? rest : path;
}

bool IsOwnProgram(const char* path) {
  if (!StartsWith(path, "/proc/")) return false;
  string_view rest;
  string_view process = SplitFirst(Suffix(path, 6), '/', &rest);
  if (rest != "exe") return false;
  uint64_t pid = 0;
  return process == "self" || process == "thread-self" ||
         (ParseDecimal(process, &pid) && static_cast<long>(pid) == raw::Call(SYS_getpid));
}

bool OwnProgram(TextBuffer* path) {
  const LoaderSetting& setting = Setting();
  if (setting.program.empty()) return false;
  // The kernel names a program after following all symlinks.
  MappedPath given;
  const char* elsewhere = given.MapLinks(AT_FDCWD, setting.program.data(), Links::kFollow);
  path->Clear();
  *path << (elsewhere != nullptr ? string_view(elsewhere) : setting.program);
  return !path->overflowed() && ResolveByKernel(path);
}

bool ResolveByKernel(TextBuffer* path) {
  long fd = raw::Call(SYS_openat, AT_FDCWD, raw::Address(path->c_str()), O_PATH | O_CLOEXEC);
  if (fd < 0) return false;
  FixedText<32> link;
  link << "/proc/self/fd/" << static_cast<int>(fd);
  char memory[4096];
  string_view target;
  bool found = ReadLinkAt(AT_FDCWD, link.c_str(), memory, sizeof memory, &target);
  raw::Close(static_cast<int>(fd));
  if (!found) return false;
  path->Clear();
  *path << target;
  return !path->overflowed();
}

}  // namespace reloc
