// Describes a program, as far as starting it is concerned.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "reloc/launch/plan.h"
#include "reloc/pack/store.h"

namespace reloc {

enum class ProgramKind {
  kDynamic,  // ELF with PT_INTERP
  kStatic,   // ELF without
  kScript,   // "#!"
};

// Everything that an engine needs to know to compile a plan. All paths are absolute, free of symlinks, and as
// the program sees them: below `store_prefix`, or on the host.
struct ProgramSpec {
  std::string store_prefix;
  std::string store_directory;  // the store's directory on the host while plans are compiled
  std::string program;
  ProgramKind kind = ProgramKind::kStatic;
  // The ld.so of PT_INTERP, or the interpreter of "#!". May be on the host (/bin/sh). Empty for kStatic.
  std::string interpreter;

  // Scripts only. The interpreter as the script names it: it becomes argv[0], by which busybox, or bash
  // called "sh", chooses its behaviour.
  std::string interpreter_name;
  // The one argument that a "#!" line can have, with its spaces; empty if none.
  std::string interpreter_argument;
  // The interpreter's own ld.so; empty if it has none.
  std::string interpreter_loader;

  PackDigest digest{};  // of the pack's content; zero while unknown
  // The directory of the files that engines need, for a tree that is no pack; empty: the pack's own.
  std::string modules;
};

// Determines what `program` (a store path, or a host path into store.directory) is, after all symlinks.
// Errors: it does not exist (kNotFound), is no program (kPermissionDenied: not executable, neither ELF nor
// script), leaves the store, or names an interpreter in the store that does not exist.
absl::StatusOr<ProgramSpec> ResolveProgram(const StoreLocation& store, std::string_view program);

}  // namespace reloc
