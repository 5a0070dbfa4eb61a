// Whether this process is a tracee of the proot engine, or of anybody's PRoot.
#pragma once

namespace reloc {

// True if proot traces this process: it would go on to change paths in a root that is made here. False also
// where /proc does not tell.
bool IsUnderTracer();

}  // namespace reloc
