// Injects faults by name: makes one call in relocd or relocctl fail as if the kernel had refused it.
//
// Compiled into the programs that users have, so that the tested program is the real one. Off unless
// $RELOC_FAULTS is set at the start; then a point costs one branch that is always predicted. Rejected: a
// control call that switches faults on. It would come too late for faults at the start, and would be one more
// request that a daemon accepts.
#pragma once

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "reloc/fault/points.h"

namespace reloc::fault {

// Switches faults on as `text` describes: POINT=ERROR[:after=N][:times=N],... such as
// "root.create=ENOSPC:after=3:times=2". The first `after` calls succeed, the next `times` (default: all)
// fail. Replaces what was on before; an empty text switches all off. If `text` has a mistake, nothing
// changes; for an unknown point, the error lists all.
absl::Status SwitchOn(absl::string_view text);

// Does the same with $RELOC_FAULTS, if that is set. For main(), before there are threads. A process that runs
// with more privileges than its caller ignores the environment.
absl::Status SwitchOnFromEnvironment();

namespace internal {
extern bool any_on;
bool Fails(Point point);
}  // namespace internal

// Returns true, with errno set, if the caller must act as if the call had failed, and leave the call out:
//   int fd = fault::Fails(Point::kLaunchAccept) ? -1 : ::accept4(...);
inline bool Fails(Point point) { return __builtin_expect(internal::any_on, false) && internal::Fails(point); }

}  // namespace reloc::fault
