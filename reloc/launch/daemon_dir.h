// Where the daemon's sockets lie, and whether that place can be believed.
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

// $RELOCD_DIR, else $XDG_RUNTIME_DIR/relocd if $XDG_RUNTIME_DIR is a directory of the user's with mode 0700,
// else DefaultDaemonDir(). Asks for no more than that: the directory itself need not exist.
Errno DaemonDir(const char* const* envp, TextBuffer* path);

// Appends /tmp/relocd-<uid>, a name that another user may take first.
void DefaultDaemonDir(TextBuffer* path);

// What is wrong with a place.
enum class DirFault : uint8_t {
  kNone,
  kUnreachable,   // it is not there, or cannot be opened
  kMount,         // something is mounted there
  kFuse,          // it is on a FUSE file system, or that cannot be known
  kOwner,         // it is neither this user's nor root's
  kNotDirectory,  // a symlink, a socket, ...
  kWritable,      // others can write it
};

struct DirReport {
  DirFault fault = DirFault::kNone;
  uid_t owner = 0;  // from here on: of kNone, kOwner, kNotDirectory and kWritable alone
  mode_t mode = 0;
};

// A daemon's directory, open (O_PATH). Its owner was asked for once: it is this user, or root.
struct DaemonDirectory {
  UniqueFd fd;
  uid_t owner = 0;
  int get() const { return fd.get(); }
};

// Opens a daemon's directory if it is a directory, not a symlink, of this user's (or root's, for the site
// daemon) that nobody else can write, and no mount lies between it and its parent. EPERM if it is anything
// else, ENOENT if there is none; `*report`, if given, has more. Sockets and files are then reached through
// the descriptor, so that a name swapped later does not matter.
//
// A file system that another user has mounted is asked nothing: see mounts.h.
Result<DaemonDirectory> OpenDaemonDir(const char* path, DirReport* report = nullptr);

}  // namespace reloc
