// Detects whether this process is traced by PRoot, whether that belongs to the proot engine or not.
#pragma once

namespace reloc {

// Returns true if proot traces this process: it would continue to change paths in a root that is made here.
// Returns false also if /proc does not report it.
bool IsUnderTracer();

}  // namespace reloc
