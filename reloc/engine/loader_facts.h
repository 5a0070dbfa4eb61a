// What an ld.so can do, and what lies beside it. Found in its file: ld.so is not executed, since a pack may
// be made on a host that cannot run it.
#pragma once

#include <string>

#include "absl/status/statusor.h"

namespace reloc {

struct LoaderFacts {
  bool glibc = false;       // else musl's, or another
  bool sets_argv0 = false;  // has the option --argv0 (glibc >= 2.33)
  // Binds calls lazily with an audit module loaded, at full speed and without crashing on programs that are
  // linked with -z now (glibc >= 2.35).
  bool audits_lazily = false;
  bool has_gconv = false;  // a directory gconv with modules lies beside it
};

// Reads the ld.so at `path`. Errors: those of opening and mapping the file.
absl::StatusOr<LoaderFacts> ReadLoaderFacts(const std::string& path);

}  // namespace reloc
