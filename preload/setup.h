// What the launch plan, or the exec of a parent, told this module, through the environment.
#pragma once

#include "reloc/base/loader_setting.h"

namespace reloc {

extern LoaderSetting g_setting;
extern char g_job[64];     // the value of RELOC_JOB, to be handed on; empty if there was none
extern int g_setup_state;  // 0: not done
void SetUp();

// The setting. Its pack is empty if the module was inherited by a process that nobody launched from a pack:
// then it changes nothing.
//
// The first call takes the module's variables out of the environment; it is made before main(), by the
// module's constructor, or earlier, if a library's constructor opens a file.
inline const LoaderSetting& Setting() {
  if (__builtin_expect(__atomic_load_n(&g_setup_state, __ATOMIC_ACQUIRE) == 0, 0)) SetUp();
  return g_setting;
}

inline bool Active() { return !Setting().pack.empty(); }

// The first element of `list`, which was split at ':', was put there by us: true, and `*rest` is what
// follows.
bool IsOurAudit(string_view element);
bool IsOurPreload(string_view element);

}  // namespace reloc
