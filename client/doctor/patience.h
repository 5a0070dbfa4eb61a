// Looking at what may not answer: a file server that is gone hangs whoever looks, and cannot even be killed.
#pragma once

#include <functional>
#include <string>

#include "client/doctor/finding.h"

namespace reloc {

// What `look` finds, in a process of its own, which is left alone if it does not answer in some seconds; then
// the finding is that, under the name `check`. Call it while the process is single-threaded.
Findings Patiently(const std::string& check, const std::function<Findings()>& look);

}  // namespace reloc
