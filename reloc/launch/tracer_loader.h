// Provides PRoot's loader without a file.
//
// Instead of a program, PRoot executes a small loader that maps the program. The loader is an ELF file inside
// proot's own; proot writes it to a temporary file, which needs a directory that is not mounted noexec, and
// remains for ever if proot is killed. But proot accepts a path to it in PROOT_LOADER. We find the loader in
// proot's file and put it into memory (memfd), which is freed with the last process that has it.
//
// Rejected: a copy of the loader in the pack. It must be that of the very proot that runs, which may be the
// host's.
#pragma once

#include <span>

#include "reloc/base/result.h"
#include "reloc/base/unique_fd.h"

namespace reloc {

// Finds the loader for 64-bit programs in the content of proot's executable; empty if there is none.
std::span<const char> FindTracerLoader(std::span<const char> tracer);

// Returns a descriptor of the loader in the tracer at `path`, to be executed through /proc. ENOENT: no loader
// was found. Other errors: mapping it, memfd_create(2).
Result<UniqueFd> OpenTracerLoader(const char* path);

}  // namespace reloc
