// The environment is read from /proc/self/environ. Rejected: finding it on the stack, from AT_EXECFN or from
// ld.so's __libc_stack_end. An ld.so that is executed itself moves argv and envp down (glibc >= 2.33), so
// that their place depends on the version, and the launcher needs /proc anyway.
#include "audit/config.h"

#include "reloc/base/path.h"
#include "reloc/base/raw.h"

namespace reloc {
namespace {

// Reads until end of file or until `memory` is full; returns the bytes read.
size_t Fill(int fd, char* memory, size_t capacity) {
  size_t size = 0;
  while (size < capacity) {
    long n = raw::ReadAt(fd, memory + size, capacity - size, size);
    if (n <= 0) break;
    size += static_cast<size_t>(n);
  }
  return size;
}

// Reads the file into pages that are never freed: the configuration points into them. Empty if it cannot be
// read.
string_view ReadProcFile(const char* path) {
  int fd = raw::OpenForReading(path);
  if (fd < 0) return {};
  string_view text;
  for (size_t capacity = 64 * 1024;; capacity *= 4) {
    char* memory = static_cast<char*>(raw::MapMemory(capacity));
    if (memory == nullptr) break;
    size_t size = Fill(fd, memory, capacity);
    if (size < capacity) {
      text = string_view(memory, size);
      break;
    }
    raw::UnmapMemory(memory, capacity);
  }
  raw::Close(fd);
  return text;
}

// Maps the file for good: the configuration points into it.
string_view MapWholeFile(const char* path) {
  int fd = raw::OpenForReading(path);
  if (fd < 0) return {};
  long size = raw::FileSize(fd);
  const void* bytes = size > 0 ? raw::MapFile(fd, static_cast<size_t>(size)) : nullptr;
  raw::Close(fd);
  if (bytes == nullptr) return {};
  return string_view(static_cast<const char*>(bytes), static_cast<size_t>(size));
}

// Reads the index only if the modules are a pack's: a tree that is no pack has no index.
void ReadLibraryIndex(AuditConfig* config) {
  const string_view own_files = DirName(config->setting.modules);
  if (BaseName(own_files) != ".reloc") return;
  PathText path;
  path << own_files << kLibraryIndexName;
  if (!path.overflowed()) config->libraries.Parse(MapWholeFile(path.c_str()));
}

}  // namespace

bool ReadAuditConfig(AuditConfig* config) {
  string_view rest = ReadProcFile("/proc/self/environ");
  string_view setting;
  while (!rest.empty()) {
    string_view value;
    string_view name = SplitFirst(SplitFirst(rest, '\0', &rest), '=', &value);
    if (name == kLoaderVariable) setting = value;
    if (name == "LD_LIBRARY_PATH") config->library_path = value;
  }
  if (!ParseLoaderSetting(setting, &config->setting)) return false;
  ReadLibraryIndex(config);
  return true;
}

void AppendMapped(const AuditConfig& config, string_view path, TextBuffer* out) {
  if (IsBelow(path, config.setting.prefix)) *out << config.setting.pack;
  *out << path;
}

}  // namespace reloc
