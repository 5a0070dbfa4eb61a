// Tries a launch's steps in a child: whatever they do to that process, this one is unchanged.
#pragma once

#include <string>

#include "absl/functional/function_ref.h"
#include "reloc/launch/failure.h"

namespace reloc {

struct Trial {
  int error = 0;         // errno of the step that failed; 0 if unknown
  std::string obstacle;  // "mount tmpfs /: Operation not permitted"; empty: it works
  std::string fix;       // the step's own fix; may be empty
};

// Calls `attempt` in a child and waits for its end. The attempt fails if it sets the failure, or, if it
// becomes a program, if that writes to stderr or has an exit status other than 0. Call it while the process
// is single-threaded.
Trial RunTrial(absl::FunctionRef<void(Failure*)> attempt);

}  // namespace reloc
