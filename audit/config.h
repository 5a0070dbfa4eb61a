// What the launch plan told the audit module, through the environment.
#pragma once

#include "reloc/base/text.h"

namespace reloc {

// All texts live as long as the process.
struct AuditConfig {
  string_view prefix;        // RELOC_STORE_PREFIX: the store's path as programs know it
  string_view base;          // FAKECHROOT_BASE: <base><prefix> is where the store lies
  string_view loader;        // FAKECHROOT_ELFLOADER: the ld.so that starts programs, beside its libc
  string_view library_path;  // LD_LIBRARY_PATH
};

// False if there is no such configuration: the module was inherited by a program that nobody launched from a
// pack.
bool ReadAuditConfig(AuditConfig* config);

// The program that `config.loader` was executed to start, as its command line names it; empty if this process
// is not of that kind. ld.so does not say: in the link map the program's own name is empty.
string_view ReadProgramPath(const AuditConfig& config);

// Appends `path`, or where it lies if it is below the store prefix.
void AppendMapped(const AuditConfig& config, string_view path, TextBuffer* out);

}  // namespace reloc
