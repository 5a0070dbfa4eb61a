// The ld.so audit module (rtld-audit(7)) of the loader engine: it makes ld.so find libraries whose paths
// begin with the store prefix, wherever the store is.
//
// It is linked to no library, not even libc. ld.so loads audit modules into a namespace of their own; a
// module that needs libc brings a second one there, with its own malloc and errno, which costs half of a
// start. And it could not be loaded at all: ld.so looks for that libc at the built-in store path, before
// there is a module that could map it. So this module works with every glibc that has the interface, older or
// newer than the one that built it.
//
// Only la_objsearch, la_objopen and la_objclose are defined. A module that defines la_pltenter, la_pltexit or
// la_symbind makes every call between libraries go through ld.so (glibc bug 15533), and programs linked with
// -z now crash under some versions that do so.
#include <link.h>
#include <stdint.h>

#include "audit/config.h"
#include "audit/search.h"
#include "reloc/base/path.h"
#include "reloc/base/raw.h"
#include "reloc/base/text.h"

#define RELOC_EXPORT extern "C" __attribute__((visibility("default")))

namespace reloc {
namespace {

// Everything here runs under ld.so's own lock.
AuditConfig g_config;
LibrarySearch g_search;
PathText g_path;
LoadedObject* g_main;
LoadedObject* g_searcher;  // the object whose search is in progress: it loads the object that is opened next

// Records are never freed: a program that opens and closes a library a million times pays 16 MB.
LoadedObject* NewObject(const link_map* map) {
  constexpr size_t kChunk = 256;
  static LoadedObject first[kChunk];
  static LoadedObject* chunk = first;
  static size_t used = 0;
  if (used == kChunk) {
    void* memory = raw::MapMemory(sizeof first);
    if (memory == nullptr) return nullptr;
    chunk = static_cast<LoadedObject*>(memory);
    used = 0;
  }
  LoadedObject* object = &chunk[used++];
  *object = {map, g_searcher, map->l_name};
  return object;
}

const char* MapPath(string_view path) {
  g_path.Clear();
  AppendMapped(g_config, path, &g_path);
  return g_path.overflowed() ? nullptr : g_path.c_str();
}

const char* FindPreload() {
  g_path.Clear();
  g_path << g_config.setting.modules << kPreloadModule;
  return g_path.overflowed() ? nullptr : g_path.c_str();
}

// Looks the library up in the pack's index; nullptr if it is not there. The index knows what the objects
// themselves contain; except for DT_RPATH, LD_LIBRARY_PATH comes before that. (ld.so has searched the
// libraries that are loaded already before it calls us.)
const char* FindKnown(string_view object, string_view name) {
  g_path.Clear();
  g_path << g_config.setting.pack << g_config.setting.prefix;
  LibraryIndex::Library library;
  if (!StartsWith(object, g_path.view())) return nullptr;
  if (!g_config.libraries.Find(Suffix(object, g_path.size()), name, &library)) return nullptr;
  if (!library.rpath && !g_config.library_path.empty()) return nullptr;
  g_path << library.file;
  return g_path.overflowed() ? nullptr : g_path.c_str();
}

const char* Resolve(const char* name, LoadedObject* loader, unsigned flag) {
  string_view text(name);
  // LA_SER_ORIG comes first, with the name as requested; the other flags come with each path that ld.so
  // tries.
  bool plain = flag == LA_SER_ORIG && BaseName(text).size() == text.size();
  if (!plain) return IsBelow(text, g_config.setting.prefix) ? MapPath(text) : name;
  if (text == kPreloadName) return FindPreload();
  if (const char* known = FindKnown(loader->path, text)) return known;
  return g_main == nullptr ? nullptr : g_search.Find(g_config, loader, g_main, text);
}

}  // namespace
}  // namespace reloc

// Returns the interface version that the module supports; 0 removes the module. A version above ld.so's own
// would do that silently: hence the smaller of both.
RELOC_EXPORT unsigned la_version(unsigned version) {
  if (!reloc::ReadAuditConfig(&reloc::g_config)) return 0;
  return version < LAV_CURRENT ? version : LAV_CURRENT;
}

RELOC_EXPORT unsigned la_objopen(link_map* map, Lmid_t, uintptr_t* cookie) {
  reloc::LoadedObject* object = reloc::NewObject(map);
  *cookie = reinterpret_cast<uintptr_t>(object);
  if (object != nullptr && reloc::g_main == nullptr) {  // the program comes first
    reloc::g_main = object;
    object->path = reloc::g_config.setting.program;
    // Otherwise the process would have ld.so's name, because the kernel executed that.
    if (!object->path.empty()) reloc::raw::SetProcessName(reloc::BaseName(object->path).data());
  }
  return 0;  // symbols are bound without this module
}

RELOC_EXPORT unsigned la_objclose(uintptr_t* cookie) {
  reloc::LoadedObject* object = reinterpret_cast<reloc::LoadedObject*>(*cookie);
  // Other objects may still refer to it as their loader.
  if (object != nullptr) object->map = nullptr;
  return 0;
}

RELOC_EXPORT char* la_objsearch(const char* name, uintptr_t* cookie, unsigned flag) {
  reloc::LoadedObject* loader = reinterpret_cast<reloc::LoadedObject*>(*cookie);
  if (loader == nullptr) return const_cast<char*>(name);
  if (flag == LA_SER_ORIG) reloc::g_searcher = loader;
  const char* found = reloc::Resolve(name, loader, flag);
  return const_cast<char*>(found != nullptr ? found : name);
}
