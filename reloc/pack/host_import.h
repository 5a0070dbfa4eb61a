// Makes store items from the host's own programs, with everything that they load.
//
// The result is a store as Nix or Guix would have built it: PT_INTERP, RUNPATH and the first lines of scripts
// name items of the store, so that every engine runs these programs like any others, and no LD_LIBRARY_PATH
// is passed on to children. Bundling libraries beside the program with a wrapper script was rejected for that
// reason.
//
// Limits. What a program finds by absolute paths of its own or by dlopen comes from the host where it runs:
// git's helpers, Perl's modules, gconv and NSS modules, configuration. If that host's glibc is newer, such a
// module may fail to load beside the pack's libc (NSS then continues with its next service). DT_RPATH instead
// of RUNPATH would give modules the pack's libm and the like, but it overrides LD_LIBRARY_PATH, which users
// expect to work. Programs that read data relative to themselves get it with `add`.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "reloc/hosted/progress.h"
#include "reloc/pack/entries.h"

namespace reloc {

// The store prefix of imported programs: one directory in /, which no host has. It has 48 characters: enough
// for a mirror's path to replace it in place, of which the longest usual one is
// /run/user/1000/relocd/mirrors/… or /tmp/relocd-1000/mirrors/…; and few enough for the 127 characters that
// Linux before 5.1 reads of a "#!" line, with an interpreter's name of up to 19 characters in <prefix>/<32
// characters>-<name>/bin/<name>.
inline constexpr std::string_view kHostStorePrefix = "/relocd-store-of-programs-imported-from-the-host";
static_assert(kHostStorePrefix.size() >= 40 && kHostStorePrefix.size() <= 56);

struct HostImportOptions {
  std::vector<std::string> programs;  // paths, or names to look up in PATH
  std::vector<std::string> add;       // data files and directories; see host_data.h
  std::string store_dir;              // an empty directory for the items
  std::string prefix{kHostStorePrefix};
  ProgressCallback progress;
};

// A symlink that the pack itself should have, because programs that are started as <pack>/bin/python3 find
// their data relative to that.
struct PackLink {
  std::string path;    // in the pack: "lib/python3.11"
  std::string target;  // store path
};

struct HostImport {
  std::vector<EntrySpec> entries;  // one for each program, in order; `path` is a store path
  std::string prefix;
  std::vector<PackLink> links;
  std::vector<std::string> warnings;  // one line each
};

// Imports the programs; interpreters of scripts are imported as well, but become no entries. The program's
// own loader looks up libraries, including LD_LIBRARY_PATH of the environment. Needs patchelf. On failure
// store_dir is left empty.
absl::StatusOr<HostImport> ImportHostPrograms(const HostImportOptions& options);

}  // namespace reloc
