// Where relocd and relocctl meet, and what is told of a place that will not do.
//
// In /tmp anyone can take the name /tmp/relocd-<uid> first. Then the two meet in a second place, in the state
// directory. Launches do not look there: they do without a daemon. relocd may still serve there when the
// first place is free again.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "reloc/launch/daemon_dir.h"

namespace reloc {

struct DaemonPlace {
  std::string dir;
  std::string taken;     // why `dir` is the second place, "/tmp/relocd-1000 belongs to uid 1001"; else empty
  bool is_free = false;  // the first place is free again; relocd has not moved back yet
};

// DaemonDir(), or the second place if another user has taken /tmp/relocd-<uid>, or a daemon serves there and
// none in the first. Makes what is missing above the second place if it is to be used. FailedPrecondition if
// it is, and there is no state directory; Unavailable if that does not answer in time. Looks at the state
// directory in a child process.
absl::StatusOr<DaemonPlace> FindDaemonPlace(const char* const* envp);

// For a daemon that has `dir`: the place where clients look for it now. That is `dir` itself, unless it is
// the default place, which another user has taken, or the second, and the default place is free.
absl::StatusOr<std::string> BetterDaemonPlace(const std::string& dir);
// True if `dir` is the second place, by its name.
bool IsSecondDaemonPlace(const std::string& dir);

// Returns one line for the user about a place that is taken.
std::string TakenWarning(const DaemonPlace& place);

// One line on what OpenDaemonDir() has found wrong at `path`: "/tmp/relocd-1000 belongs to uid 1001".
std::string DescribeFault(const std::string& path, const DirReport& report);

}  // namespace reloc
