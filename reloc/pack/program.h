// What a program is, as far as starting it goes.
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
  std::string store_directory;  // where the store lies on the host while plans are compiled
  std::string program;
  ProgramKind kind = ProgramKind::kStatic;
  // The ld.so of PT_INTERP, or the interpreter of "#!". May lie on the host (/bin/sh). Empty for kStatic.
  std::string interpreter;

  // Scripts only. The interpreter as the script names it: it becomes argv[0], from which busybox, or bash
  // called "sh", tells what to be.
  std::string interpreter_name;
  // The one argument that a "#!" line can give, with its spaces; empty if none.
  std::string interpreter_argument;
  // The interpreter's own ld.so; empty if it has none.
  std::string interpreter_loader;

  PackDigest digest{};  // of the pack's content; zero while unknown
  // The directory of the files that engines bring along, for a tree that is no pack; empty: the pack's own.
  std::string modules;
};

// Finds out what `program` (a store path, or a host path into store.directory) is, after all symlinks.
// Errors: it does not exist (kNotFound), is no program (kPermissionDenied: not executable, neither ELF nor
// script), leaves the store, or names an interpreter in the store that does not exist.
absl::StatusOr<ProgramSpec> ResolveProgram(const StoreLocation& store, std::string_view program);

}  // namespace reloc
