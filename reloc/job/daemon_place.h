// Finds the directory where relocd and relocctl meet, and describes what is wrong with one that cannot be
// used.
//
// In /tmp anyone can take the name /tmp/relocd-<uid> first. Then the two meet in a second place, in the state
// directory. Launches do not look there: they work without a daemon. relocd may still serve there when the
// first place is free again.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "reloc/launch/daemon_dir.h"

namespace reloc {

struct DaemonPlace {
  std::string dir;
  std::string taken;     // why `dir` is the second place, "/tmp/relocd-1000 belongs to uid 1001", or empty
  bool is_free = false;  // the first place is free again, but relocd has not moved back yet
};

// Returns DaemonDir(), or the second place if another user has taken /tmp/relocd-<uid>, or if a daemon serves
// there and none in the first. Makes the missing parents of the second place if it is used.
// FailedPrecondition if it is, and there is no state directory; Unavailable if that does not answer in time.
// Accesses the state directory in a child process.
absl::StatusOr<DaemonPlace> FindDaemonPlace(const char* const* envp);

// Returns, for a daemon that has `dir`, the place where clients look for it now. That is `dir` itself, unless
// it is the default place and another user has taken it, or it is the second and the default place is free.
absl::StatusOr<std::string> BetterDaemonPlace(const std::string& dir);
// Returns true if `dir` is the second place, by its name.
bool IsSecondDaemonPlace(const std::string& dir);

// Returns one line for the user about a place that is taken.
std::string TakenWarning(const DaemonPlace& place);

// Returns one line on what OpenDaemonDir() found wrong at `path`: "/tmp/relocd-1000 belongs to uid 1001".
std::string DescribeFault(const std::string& path, const DirReport& report);

}  // namespace reloc
