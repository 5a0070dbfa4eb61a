// Determines what an ld.so can do, and which files are beside it. Its file is read, but not executed: a pack
// may be made on a host that cannot run it.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "reloc/base/loader_setting.h"

namespace reloc {

struct LoaderFacts {
  bool glibc = false;   // otherwise musl's, or another
  std::string options;  // letters: LoaderOption

  bool Has(LoaderOption option) const { return options.find(option) != options.npos; }
};

// Reads the ld.so at `path`. Errors: those of opening and mapping the file.
absl::StatusOr<LoaderFacts> ReadLoaderFacts(const std::string& path);

}  // namespace reloc
