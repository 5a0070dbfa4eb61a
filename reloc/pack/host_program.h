// A program of the host, as the user named it: found, and known for what it is.
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
  std::string interpreter;  // a path, or a name to be looked up in PATH (from `#!/usr/bin/env NAME`)
  std::string argument;     // the kernel passes all that follows as one argument; empty if there is none
  size_t size = 0;          // bytes of the line without its newline
};

// Reads "#!/bin/sh -e", "#!/usr/bin/env python3" and "#!/usr/bin/env -S perl -w", of which `env` is taken
// away: a pack names the interpreter itself. `head` is how the file begins; nullopt if that is no such line,
// an error for uses of env that one line without it cannot express.
absl::StatusOr<std::optional<Shebang>> ParseShebang(const std::string& head);

struct HostProgram {
  std::string name;    // what it is called: the last component of what the user named, symlinks not followed
  std::string source;  // the file itself, canonical
  ElfInfo elf;         // unless it is a script
  std::optional<Shebang> shebang;
  std::shared_ptr<const HostProgram> interpreter;  // of a script
  bool set_id = false;                             // set-user-ID or set-group-ID: lost in a pack
};

// Finds `wanted`: a path, or a name that is looked up in `search_path` ("/usr/bin:/bin"), as execvp(3) does.
// Errors: not found, not readable, not a program, of another kind of machine.
absl::StatusOr<HostProgram> FindHostProgram(const std::string& wanted, const std::string& search_path);

}  // namespace reloc
