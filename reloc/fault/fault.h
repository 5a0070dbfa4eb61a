// Faults by name: makes one call in relocd or relocctl fail as if the kernel had refused it.
//
// Compiled into what users have, so that what is tested is what runs. Off unless $RELOC_FAULTS is set at the
// start, and then a point costs one branch that is always predicted. Rejected: to switch them on by a control
// call, which would come too late for what happens at the start, and would be one more thing that a daemon
// can be told.
#pragma once

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "reloc/fault/points.h"

namespace reloc::fault {

// Switches on what `text` says: POINT=ERROR[:after=N][:times=N],... such as
// "root.create=ENOSPC:after=3:times=2". The first `after` calls succeed, the next `times` (default: all)
// fail. Replaces what was on before; an empty text switches all off. With a mistake in it nothing changes; an
// unknown point is answered with the list of all.
absl::Status SwitchOn(absl::string_view text);

// The same with $RELOC_FAULTS, if that is set. For main(), before there are threads. A process that runs with
// more privileges than its caller takes nothing from the environment.
absl::Status SwitchOnFromEnvironment();

namespace internal {
extern bool any_on;
bool Fails(Point point);
}  // namespace internal

// True: act as if the call had failed; errno is set. So that the call is left out:
//   int fd = fault::Fails(Point::kLaunchAccept) ? -1 : ::accept4(...);
inline bool Fails(Point point) { return __builtin_expect(internal::any_on, false) && internal::Fails(point); }

}  // namespace reloc::fault
