// Checks what may not answer: a process that waits for a file server that is gone cannot even be killed.
#pragma once

#include <functional>
#include <string>

#include "absl/time/time.h"
#include "client/host/doctor/finding.h"

namespace reloc {

// Returns what `look` finds in a process of its own, which is abandoned if it does not answer in time; then
// that is the finding, with the name `check`. Call it while the process is single-threaded. The default is
// short, because several may hang, and everything must be reported within three seconds.
Findings WithTimeout(const std::string& check, const std::function<Findings()>& look,
                     absl::Duration timeout = absl::Milliseconds(400));

}  // namespace reloc
