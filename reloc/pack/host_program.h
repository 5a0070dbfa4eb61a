// Finds a program of the host that the user named, and determines what it is.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "reloc/pack/elf.h"

namespace reloc {

// The first line of a script.
struct Shebang {
  std::string interpreter;  // a path, or a name to look up in PATH (from `#!/usr/bin/env NAME`)
  std::string argument;     // the kernel passes the rest of the line as one argument; empty if there is none
  size_t size = 0;          // bytes of the line without its newline
};

// Parses "#!/bin/sh -e", "#!/usr/bin/env python3" and "#!/usr/bin/env -S perl -w", and removes `env`: a pack
// names the interpreter itself. `head` is the beginning of the file; nullopt if that is no such line, an
// error for uses of env that a line without it cannot express.
absl::StatusOr<std::optional<Shebang>> ParseShebang(const std::string& head);

struct HostProgram {
  std::string name;    // the last component of what the user named, symlinks not followed
  std::string source;  // the file itself, canonical
  ElfInfo elf;         // unless it is a script
  std::optional<Shebang> shebang;
  std::shared_ptr<const HostProgram> interpreter;  // of a script
  bool set_id = false;                             // set-user-ID or set-group-ID: lost in a pack
};

// Finds `wanted`: a path, or a name that is looked up in `search_path` ("/usr/bin:/bin"), as in execvp(3).
// Errors: not found, not readable, not a program, for another kind of machine.
absl::StatusOr<HostProgram> FindHostProgram(const std::string& wanted, const std::string& search_path);

}  // namespace reloc
