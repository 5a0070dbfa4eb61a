// Finds the directory of the daemon's sockets, and checks whether it can be trusted.
#pragma once

#include <stdint.h>
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

// Returns $RELOCD_DIR; or $XDG_RUNTIME_DIR/relocd if $XDG_RUNTIME_DIR is a directory of the user with mode
// 0700; or DefaultDaemonDir(). Nothing more is checked: the directory itself need not exist.
Errno DaemonDir(const char* const* envp, TextBuffer* path);

// Appends /tmp/relocd-<uid>, a name that another user may have taken.
void DefaultDaemonDir(TextBuffer* path);

// Why a directory cannot be used.
enum class DirFault : uint8_t {
  kNone,
  kUnreachable,   // it does not exist, or cannot be opened
  kMount,         // something is mounted there
  kFuse,          // it is on a FUSE file system, or that cannot be determined
  kOwner,         // it belongs neither to this user nor to root
  kNotDirectory,  // a symlink, a socket, ...
  kWritable,      // others can write to it
};

struct DirReport {
  DirFault fault = DirFault::kNone;
  uid_t owner = 0;  // from here on: set for kNone, kOwner, kNotDirectory and kWritable only
  mode_t mode = 0;
};

// A daemon's directory, open (O_PATH). `owner` was read once: it is this user, or root.
struct DaemonDirectory {
  UniqueFd fd;
  uid_t owner = 0;
  int get() const { return fd.get(); }
};

// Opens a daemon's directory if it is a directory, not a symlink, that belongs to this user (or to root, for
// the site daemon), that nobody else can write to, and no mount is between it and its parent. EPERM if one of
// these is not so, ENOENT if it does not exist; `*report`, if given, has details. Sockets and files are then
// reached through the descriptor, so that replacing the name later has no effect.
//
// A file system that another user has mounted is sent no request: see mounts.h.
Result<DaemonDirectory> OpenDaemonDir(const char* path, DirReport* report = nullptr);

}  // namespace reloc
