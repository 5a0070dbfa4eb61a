// PRoot's loader, without a file.
//
// PRoot executes, instead of a program, a small loader that maps the program. The loader is an ELF file
// inside proot's own; proot writes it to a temporary file, which needs a directory that is not mounted
// noexec, and stays for ever when proot is killed. But proot takes a path to it from PROOT_LOADER. We look
// the loader up in proot's file and put it into memory (memfd), which is gone with the last process that has
// it.
//
// Rejected: a copy of the loader in the pack. It has to be of the very proot that runs, which may be the
// host's.
#pragma once

#include <span>

#include "reloc/base/result.h"
#include "reloc/base/unique_fd.h"

namespace reloc {

// The loader for 64-bit programs within the content of proot's executable; empty if there is none.
std::span<const char> FindTracerLoader(std::span<const char> tracer);

// A descriptor of the loader in the tracer at `path`, to be executed through /proc. ENOENT: it has none that
// we could find. Others: mapping it, memfd_create(2).
Result<UniqueFd> OpenTracerLoader(const char* path);

}  // namespace reloc
