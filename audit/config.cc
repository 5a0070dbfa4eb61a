// The environment is read from /proc/self/environ. Rejected: to look for it on the stack, from AT_EXECFN or
// from ld.so's __libc_stack_end; an ld.so that is executed itself moves argv and envp down (glibc >= 2.33),
// so that the way there differs between versions, and the launcher cannot do without /proc either.
#include "audit/config.h"

#include "audit/sys.h"
#include "reloc/base/path.h"

namespace reloc {
namespace {

// Reads until end of file or until `memory` is full; returns the bytes read.
size_t Fill(int fd, char* memory, size_t capacity) {
  size_t size = 0;
  while (size < capacity) {
    long n = sys::ReadAt(fd, memory + size, capacity - size, size);
    if (n <= 0) break;
    size += static_cast<size_t>(n);
  }
  return size;
}

// In pages that are never given back: the configuration points into them. Empty if it cannot be read.
string_view ReadProcFile(const char* path) {
  int fd = sys::OpenForReading(path);
  if (fd < 0) return {};
  string_view text;
  for (size_t capacity = 64 * 1024;; capacity *= 4) {
    char* memory = static_cast<char*>(sys::MapMemory(capacity));
    if (memory == nullptr) break;
    size_t size = Fill(fd, memory, capacity);
    if (size < capacity) {
      text = string_view(memory, size);
      break;
    }
    sys::UnmapMemory(memory, capacity);
  }
  sys::Close(fd);
  return text;
}

}  // namespace

bool ReadAuditConfig(AuditConfig* config) {
  string_view rest = ReadProcFile("/proc/self/environ");
  while (!rest.empty()) {
    string_view value;
    string_view name = SplitFirst(SplitFirst(rest, '\0', &rest), '=', &value);
    if (name == "RELOC_STORE_PREFIX") config->prefix = value;
    if (name == "FAKECHROOT_BASE") config->base = value;
    if (name == "FAKECHROOT_ELFLOADER") config->loader = value;
    if (name == "LD_LIBRARY_PATH") config->library_path = value;
  }
  return IsCleanAbsolute(config->prefix) && StartsWith(config->base, "/");
}

string_view ReadProgramPath(const AuditConfig& config) {
  string_view rest = ReadProcFile("/proc/self/cmdline");
  if (SplitFirst(rest, '\0', &rest) != config.loader) return {};
  string_view first = SplitFirst(rest, '\0', &rest);
  if (first != "--argv0") return first;
  SplitFirst(rest, '\0', &rest);
  return SplitFirst(rest, '\0', &rest);
}

void AppendMapped(const AuditConfig& config, string_view path, TextBuffer* out) {
  if (IsBelow(path, config.prefix)) *out << config.base;
  *out << path;
}

}  // namespace reloc
