// Where the daemon's sockets lie, and whether that place can be believed.
#pragma once

#include <sys/types.h>

#include "reloc/base/result.h"
#include "reloc/base/text.h"
#include "reloc/base/unique_fd.h"

namespace reloc {

inline constexpr const char* kLaunchSocket = "launch.sock";
inline constexpr const char* kStartSocket = "start.sock";
inline constexpr const char* kControlSocket = "control.sock";
inline constexpr const char* kRegistryFile = "roots";
inline constexpr const char* kSiteDaemonDir = "/run/relocd";

// $RELOCD_DIR, else $XDG_RUNTIME_DIR/relocd if $XDG_RUNTIME_DIR is a directory of the user's with mode 0700,
// else /tmp/relocd-<uid>. Asks for no more than that: the directory itself need not exist.
Errno DaemonDir(const char* const* envp, TextBuffer* path);

// Opens a daemon's directory (O_PATH) if it is a directory, not a symlink, of this user's (or root's, for the
// site daemon) that nobody else can write; EPERM if it is anything else, ENOENT if there is none. Sockets and
// files are then reached through the descriptor, so that a name swapped later does not matter.
Result<UniqueFd> OpenDaemonDir(const char* path);

}  // namespace reloc
