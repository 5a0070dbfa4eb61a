// Returns whether this process could load an ELF file or share a library with it: it has the same machine and
// word size.
#pragma once

#include <elf.h>
#include <link.h>

namespace reloc {

inline bool IsOfOwnMachine(const ElfW(Ehdr) & header) {
#if defined(__x86_64__)
  constexpr ElfW(Half) kMachine = EM_X86_64;
#elif defined(__aarch64__)
  constexpr ElfW(Half) kMachine = EM_AARCH64;
#endif
  constexpr unsigned char kClass = sizeof(void*) == 8 ? ELFCLASS64 : ELFCLASS32;
  return header.e_ident[EI_CLASS] == kClass && header.e_machine == kMachine;
}

}  // namespace reloc
