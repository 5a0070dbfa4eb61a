// What a pack needs to know of an ELF file: how it is started and what it loads.
//
// Own code instead of libelf or LIEF: a pack reads six facts of a file that may be hostile, and both
// libraries bring far more surface than that. Only 64-bit little-endian files are read (x86-64, AArch64,
// RISC-V, POWER LE); the machine is reported and not judged.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace reloc {

struct ElfInfo {
  uint16_t type = 0;                // ET_EXEC, ET_DYN, ET_REL, ET_CORE
  uint16_t machine = 0;             // EM_X86_64, EM_AARCH64, ...
  std::string interp;               // PT_INTERP; empty if there is none
  std::vector<std::string> needed;  // DT_NEEDED, in order
  std::string runpath;              // DT_RUNPATH, as it stands: colons, $ORIGIN
  std::string rpath;   // DT_RPATH, likewise; empty where DT_RUNPATH is, which makes ld.so ignore it
  std::string soname;  // DT_SONAME
  // Libraries of which symbol versions are required (DT_VERNEED): names of `needed`, where linkers made the
  // file.
  std::vector<std::string> versioned;
  bool dynamic = false;  // has a dynamic section: a shared library or a dynamically linked program
  // A program that the kernel starts without a loader: ET_EXEC, or ET_DYN marked DF_1_PIE (ld.so and shared
  // libraries are ET_DYN without interpreter as well), and no PT_INTERP.
  bool static_executable = false;

  bool operator==(const ElfInfo&) const = default;
};

// Reads the ELF file at `path` (symlinks followed). Errors are one line with `path`: those of open(2) and
// pread(2), and InvalidArgument for what is no ELF file, unsupported, truncated or malformed.
absl::StatusOr<ElfInfo> ReadElf(const std::string& path);

// The same for an open file, whose offset does not move; `name` stands for it in messages.
absl::StatusOr<ElfInfo> ReadElf(int fd, const std::string& name);

// The same for a file in memory. Never reads outside `image`.
absl::StatusOr<ElfInfo> ParseElf(std::span<const std::byte> image, const std::string& name = "ELF image");

// True if `path` is a regular file that begins with the ELF magic, whatever follows it.
bool IsElf(const std::string& path);

}  // namespace reloc
