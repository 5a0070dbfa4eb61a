#include "preload/next.h"

#include <elf.h>
#include <link.h>
#include <stdint.h>
#include <string.h>

namespace reloc {
namespace {

struct SymbolTable {
  const ElfW(Sym) * symbols = nullptr;
  const char* strings = nullptr;
  const ElfW(Half) * versions = nullptr;
  const uint32_t* gnu_hash = nullptr;
  const uint32_t* hash = nullptr;
};

template <class T>
void Set(const T** field, const link_map* map, ElfW(Addr) value) {
  // ld.so has turned these into addresses, except in the vDSO and where dynamic sections are read-only.
  *field = reinterpret_cast<const T*>(value < map->l_addr ? value + map->l_addr : value);
}

SymbolTable TableOf(const link_map* map) {
  SymbolTable table;
  for (const ElfW(Dyn)* d = map->l_ld; d != nullptr && d->d_tag != DT_NULL; ++d) {
    if (d->d_tag == DT_SYMTAB) Set(&table.symbols, map, d->d_un.d_ptr);
    if (d->d_tag == DT_STRTAB) Set(&table.strings, map, d->d_un.d_ptr);
    if (d->d_tag == DT_VERSYM) Set(&table.versions, map, d->d_un.d_ptr);
    if (d->d_tag == DT_GNU_HASH) Set(&table.gnu_hash, map, d->d_un.d_ptr);
    if (d->d_tag == DT_HASH) Set(&table.hash, map, d->d_un.d_ptr);
  }
  return table;
}

bool Defines(const SymbolTable& table, uint32_t index, const char* name) {
  const ElfW(Sym)& symbol = table.symbols[index];
  return symbol.st_shndx != SHN_UNDEF && ELF64_ST_TYPE(symbol.st_info) == STT_FUNC &&
         strcmp(table.strings + symbol.st_name, name) == 0;
}

// Returns whether a symbol is the default version of its name. The others have this bit; compatibility
// symbols (__xstat in new glibcs) are all of that kind.
bool IsDefault(const SymbolTable& table, uint32_t index) {
  constexpr ElfW(Half) kHidden = 0x8000;
  return table.versions == nullptr || (table.versions[index] & kHidden) == 0;
}

uint32_t GnuHash(const char* name) {
  uint32_t hash = 5381;
  for (; *name != '\0'; ++name) hash = hash * 33 + static_cast<unsigned char>(*name);
  return hash;
}

uint32_t SysvHash(const char* name) {
  uint32_t hash = 0;
  for (; *name != '\0'; ++name) {
    hash = (hash << 4) + static_cast<unsigned char>(*name);
    hash = (hash ^ ((hash >> 24) & 0xf0)) & 0x0fffffff;
  }
  return hash;
}

// DT_GNU_HASH: buckets of consecutive symbols; the last of a bucket has bit 0 set in its hash.
uint32_t FindByGnuHash(const SymbolTable& table, const char* name) {
  const uint32_t count = table.gnu_hash[0], first = table.gnu_hash[1], bloom_words = table.gnu_hash[2];
  const uint32_t* buckets = table.gnu_hash + 4 + bloom_words * (sizeof(ElfW(Addr)) / sizeof(uint32_t));
  const uint32_t* hashes = buckets + count;
  const uint32_t hash = GnuHash(name);
  uint32_t found = 0;
  for (uint32_t i = count == 0 ? 0 : buckets[hash % count]; i >= first && i != 0; ++i) {
    uint32_t at = hashes[i - first];
    if ((at | 1) == (hash | 1) && Defines(table, i, name)) {
      found = i;
      if (IsDefault(table, i)) break;
    }
    if ((at & 1) != 0) break;
  }
  return found;
}

uint32_t FindBySysvHash(const SymbolTable& table, const char* name) {
  const uint32_t count = table.hash[0];
  const uint32_t* buckets = table.hash + 2;
  const uint32_t* chain = buckets + count;
  uint32_t found = 0;
  for (uint32_t i = count == 0 ? 0 : buckets[SysvHash(name) % count]; i != 0; i = chain[i]) {
    if (!Defines(table, i, name)) continue;
    found = i;
    if (IsDefault(table, i)) break;
  }
  return found;
}

}  // namespace

void* FindNext(const char* name) {
  bool after = false;
  for (const link_map* map = _r_debug.r_map; map != nullptr; map = map->l_next) {
    if (map->l_ld == _DYNAMIC) {
      after = true;
      continue;
    }
    if (!after) continue;
    SymbolTable table = TableOf(map);
    if (table.symbols == nullptr || table.strings == nullptr) continue;
    uint32_t index = 0;
    if (table.gnu_hash != nullptr) {
      index = FindByGnuHash(table, name);
    } else if (table.hash != nullptr) {
      index = FindBySysvHash(table, name);
    }
    if (index != 0) return reinterpret_cast<void*>(map->l_addr + table.symbols[index].st_value);
  }
  return nullptr;
}

}  // namespace reloc
