#include "audit/search.h"

#include <elf.h>

#include "reloc/base/own_machine.h"
#include "reloc/base/path.h"
#include "reloc/base/raw.h"

namespace reloc {
namespace {

// The tags of an object that say where its libraries are.
struct SearchTags {
  string_view rpath;
  string_view runpath;
  bool no_default_dirs = false;
};

SearchTags ReadSearchTags(const link_map* map) {
  const char* strings = nullptr;
  const ElfW(Dyn)* rpath = nullptr;
  const ElfW(Dyn)* runpath = nullptr;
  SearchTags tags;
  for (const ElfW(Dyn)* d = map->l_ld; d != nullptr && d->d_tag != DT_NULL; ++d) {
    if (d->d_tag == DT_STRTAB) {
      // ld.so has turned this into an address, except where dynamic sections are read-only (RISC-V).
      ElfW(Addr) address = d->d_un.d_ptr < map->l_addr ? d->d_un.d_ptr + map->l_addr : d->d_un.d_ptr;
      strings = reinterpret_cast<const char*>(address);
    }
    if (d->d_tag == DT_RPATH) rpath = d;
    if (d->d_tag == DT_RUNPATH) runpath = d;
    if (d->d_tag == DT_FLAGS_1) tags.no_default_dirs = (d->d_un.d_val & DF_1_NODEFLIB) != 0;
  }
  if (strings == nullptr) return tags;
  if (runpath != nullptr) tags.runpath = string_view(strings + runpath->d_un.d_val);
  // ld.so(8): DT_RPATH counts only without DT_RUNPATH.
  if (rpath != nullptr && runpath == nullptr) tags.rpath = string_view(strings + rpath->d_un.d_val);
  return tags;
}

// Returns true for a library that this process can load. ld.so skips those of other machines, which may be in
// LD_LIBRARY_PATH on hosts with 32-bit programs.
bool IsLoadable(const char* path) {
  int fd = raw::OpenForReading(path);
  if (fd < 0) return false;
  ElfW(Ehdr) header;
  long size = raw::ReadAt(fd, reinterpret_cast<char*>(&header), sizeof header, 0);
  raw::Close(fd);
  return size == sizeof header && __builtin_memcmp(header.e_ident, ELFMAG, SELFMAG) == 0 &&
         IsOfOwnMachine(header);
}

// Returns the length of a leading "$ORIGIN" or "${ORIGIN}"; 0 if there is none.
size_t OriginToken(string_view directory) {
  for (string_view token : {string_view("$ORIGIN"), string_view("${ORIGIN}")}) {
    if (StartsWith(directory, token)) return token.size();
  }
  return 0;
}

size_t FindAny(string_view text, string_view characters) {
  for (size_t i = 0; i < text.size(); ++i) {
    for (char c : characters) {
      if (text[i] == c) return i;
    }
  }
  return text.size();
}

}  // namespace

const char* LibrarySearch::Find(const AuditConfig& config, const LoadedObject* loader,
                                const LoadedObject* main, string_view name) {
  config_ = &config;
  name_ = name;
  SearchTags tags = ReadSearchTags(loader->map);
  bool found = (tags.runpath.empty() && TryInherited(loader, main)) ||
               (!config.library_path.empty() && TryDirectories(config.library_path, ":;", main)) ||
               (!tags.runpath.empty() && TryDirectories(tags.runpath, ":", loader)) ||
               (!tags.no_default_dirs && !config.setting.loader.empty() &&
                TryDirectory(DirName(config.setting.loader), loader));
  return found ? path_.c_str() : nullptr;
}

// Tries DT_RPATH of the object, of the one that loaded it, and so on, and always that of the program.
bool LibrarySearch::TryInherited(const LoadedObject* loader, const LoadedObject* main) {
  bool did_main = false;
  for (const LoadedObject* object = loader; object != nullptr && object->map != nullptr;
       object = object->loader) {
    string_view rpath = ReadSearchTags(object->map).rpath;
    if (!rpath.empty() && TryDirectories(rpath, ":", object)) return true;
    did_main |= object == main;
  }
  if (did_main) return false;
  string_view rpath = ReadSearchTags(main->map).rpath;
  return !rpath.empty() && TryDirectories(rpath, ":", main);
}

bool LibrarySearch::TryDirectories(string_view list, string_view separators, const LoadedObject* origin) {
  while (true) {
    size_t size = FindAny(list, separators);
    if (TryDirectory(Prefix(list, size), origin)) return true;
    if (size == list.size()) return false;
    list = Suffix(list, size + 1);
  }
}

// `origin`: the object for $ORIGIN. An empty directory is the working directory.
bool LibrarySearch::TryDirectory(string_view directory, const LoadedObject* origin) {
  path_.Clear();
  size_t token = OriginToken(directory);
  string_view rest = Suffix(directory, token);
  if (FindAny(rest, "$") < rest.size()) return false;
  if (token != 0) path_ << DirName(origin->path);
  if (directory.empty()) path_ << '.';
  AppendMapped(*config_, rest, &path_);
  path_ << '/' << name_;
  return !path_.overflowed() && IsLoadable(path_.c_str());
}

}  // namespace reloc
