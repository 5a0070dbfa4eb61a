// Reads from an ELF file what a pack needs: how it is started and what it loads.
//
// Own code instead of libelf or LIEF: a pack reads six facts of a file that may be hostile, and both
// libraries bring far more attack surface than that. Only 64-bit little-endian files are read (x86-64,
// AArch64, RISC-V, POWER LE); the machine is reported and not checked.
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
  std::string runpath;              // DT_RUNPATH, unchanged: colons, $ORIGIN
  std::string rpath;   // DT_RPATH, unchanged; empty if there is DT_RUNPATH, which makes ld.so ignore it
  std::string soname;  // DT_SONAME
  // Libraries with required symbol versions (DT_VERNEED): names in `needed`, if a linker made the file.
  std::vector<std::string> versioned;
  bool dynamic = false;  // has a dynamic section: a shared library or a dynamically linked program
  // A program that the kernel starts without a loader: ET_EXEC, or ET_DYN marked DF_1_PIE (ld.so and shared
  // libraries are ET_DYN without interpreter as well), and no PT_INTERP.
  bool static_executable = false;

  bool operator==(const ElfInfo&) const = default;
};

// Reads the ELF file at `path` (symlinks followed). Errors are one line with `path`: those of open(2) and
// pread(2), and InvalidArgument for a file that is not ELF, unsupported, truncated or malformed.
absl::StatusOr<ElfInfo> ReadElf(const std::string& path);

// Does the same for an open file, whose offset does not move; messages call it `name`.
absl::StatusOr<ElfInfo> ReadElf(int fd, const std::string& name);

// Does the same for a file in memory. Never reads outside `image`.
absl::StatusOr<ElfInfo> ParseElf(std::span<const std::byte> image, const std::string& name = "ELF image");

// Returns true if `path` is a regular file that begins with the ELF magic, whatever follows it.
bool IsElf(const std::string& path);

}  // namespace reloc
