// Looking at what may not answer: a file server that is gone hangs whoever looks, and cannot even be killed.
#pragma once

#include <functional>
#include <string>

#include "absl/time/time.h"
#include "client/host/doctor/finding.h"

namespace reloc {

// What `look` finds, in a process of its own, which is left alone if it does not answer in time; then
// the finding is that, under the name `check`. Call it while the process is single-threaded.
// Several may hang, and all is to be answered in three seconds.
Findings Patiently(const std::string& check, const std::function<Findings()>& look,
                   absl::Duration patience = absl::Milliseconds(400));

}  // namespace reloc
