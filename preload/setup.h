// Reads what the launch plan, or the exec of a parent, passed to this module through the environment.
#pragma once

#include "reloc/base/loader_setting.h"

namespace reloc {

extern LoaderSetting g_setting;
extern char g_job[64];     // the value of RELOC_JOB, to be passed on; empty if it was not set
extern int g_setup_state;  // 0: not done
void SetUp();

// Returns the setting. Its pack is empty if a process inherited the module and was not launched from a pack:
// then the module changes nothing.
//
// The first call removes the module's variables from the environment. The module's constructor makes it
// before main(), or a library's constructor that opens a file makes it earlier.
inline const LoaderSetting& Setting() {
  if (__builtin_expect(__atomic_load_n(&g_setup_state, __ATOMIC_ACQUIRE) == 0, 0)) SetUp();
  return g_setting;
}

inline bool Active() { return !Setting().pack.empty(); }

// Return true if `element`, the first one of a list that was split at ':', was put there by relocd.
bool IsOurAudit(string_view element);
bool IsOurPreload(string_view element);

}  // namespace reloc
