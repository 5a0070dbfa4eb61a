#include "reloc/launch/tracer_loader.h"

#include <elf.h>
#include <gtest/gtest.h>

#include <cstring>
#include <string>

namespace reloc {
namespace {

// Returns an ELF file as far as its headers matter here: `size` bytes, the last ones section headers.
std::string Elf(uint16_t type, size_t size, size_t sections = 2) {
  Elf64_Ehdr header = {};
  memcpy(header.e_ident, ELFMAG, SELFMAG);
  header.e_ident[EI_CLASS] = ELFCLASS64;
  header.e_ident[EI_DATA] = ELFDATA2LSB;
  header.e_type = type;
  header.e_machine = EM_X86_64;
  header.e_ehsize = sizeof header;
  header.e_shentsize = sizeof(Elf64_Shdr);
  header.e_shnum = static_cast<uint16_t>(sections);
  header.e_shoff = size - sections * sizeof(Elf64_Shdr);
  std::string file(size, '.');
  memcpy(file.data(), &header, sizeof header);
  return file;
}

std::string Find(const std::string& tracer) {
  std::span<const char> found = FindTracerLoader(tracer);
  return {found.data(), found.size()};
}

TEST(TracerLoader, IsTheExecutableWithinTheExecutable) {
  std::string loader = Elf(ET_EXEC, 500);
  EXPECT_EQ(Find(Elf(ET_DYN, 1000) + loader + "and more"), loader);
  EXPECT_EQ(Find(Elf(ET_EXEC, 1000) + ELFMAG + "no header" + loader), loader);
}

TEST(TracerLoader, IsNotOfAnotherKind) {
  std::string narrow = Elf(ET_EXEC, 500), foreign = narrow;
  narrow[EI_CLASS] = ELFCLASS32;
  foreign[offsetof(Elf64_Ehdr, e_machine)] = EM_AARCH64;
  EXPECT_EQ(Find(Elf(ET_DYN, 1000) + narrow + foreign + Elf(ET_DYN, 500)), "");
}

TEST(TracerLoader, IsNotFoundInWhatIsTruncatedOrNoProgram) {
  std::string tracer = Elf(ET_DYN, 200) + Elf(ET_EXEC, 500);
  for (size_t size = 0; size < tracer.size(); ++size) EXPECT_EQ(Find(tracer.substr(0, size)), "") << size;
  EXPECT_EQ(Find("#!/bin/sh\n" + Elf(ET_EXEC, 500)), "");
}

TEST(TracerLoader, SizesThatOverflowAreRefused) {
  std::string loader = Elf(ET_EXEC, 500);
  memset(loader.data() + offsetof(Elf64_Ehdr, e_shoff), 0xff, sizeof(Elf64_Off));
  EXPECT_EQ(Find(Elf(ET_DYN, 200) + loader), "");
}

}  // namespace
}  // namespace reloc
