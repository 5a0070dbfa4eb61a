// Makes and enters namespaces. Every function here changes the calling process and must be called while it is
// single-threaded: otherwise setns(2) and unshare(2) refuse CLONE_NEWUSER.
#pragma once

#include "reloc/base/result.h"
#include "reloc/base/unique_fd.h"

namespace reloc {

// Makes a new user namespace, if the process lacks CAP_SYS_ADMIN, in which it has it, with the caller's ids
// mapped to themselves. `*step` as below.
Errno EnterUserNamespace(const char** step);

// Makes a new mount namespace and, if the process lacks CAP_SYS_ADMIN, a new user namespace to own it, with
// the caller's ids mapped to themselves. Mount events of the host still arrive (slave propagation).
//
// The maps are written here, by the process itself, before anything can use its ids: a parent that writes
// them for a child races with it (seen elsewhere: one launch in ten ran as nobody under load). `*step` names
// the call that failed: unshare(2) may be allowed where mount(2) is not.
Errno EnterNewNamespaces(const char** step);

// Joins the user namespace (if `user_ns` is valid), then the mount namespace that it owns. The user namespace
// must come first: it gives the capability that the mount namespace needs. Afterwards root and working
// directory are those of the mount namespace. `*joined_user` is set once the first is done.
Errno JoinNamespaces(int user_ns, int mount_ns, bool* joined_user);

// Returns true if `mount_ns` is a mount namespace and `user_ns` is a user namespace that this user has made
// and that owns it. If `user_ns` is -1, only `mount_ns` is checked. Descriptors of any other kind are sent no
// request that they could leave unanswered.
bool AreOwnNamespaces(int user_ns, int mount_ns);

// Gives the process a UTS namespace of its own, if allowed: the mark that distinguishes a job's processes
// from those of other jobs in the same root, whatever their parents are (ADR 0016). Processes cannot lose it,
// and the host's name, which it contains, is copied. If it is refused (a limit, no capability), there is no
// mark.
void MarkAsJob();

// Opens the calling process's own namespaces.
Errno OpenOwnNamespaces(UniqueFd* user_ns, UniqueFd* mount_ns);

// Returns true if the process has CAP_SYS_ADMIN in its user namespace.
bool HasSysAdmin();

// Returns false where mounts may be refused to a process that was given a user namespace: under a seccomp
// filter (containers, sandboxes), where AppArmor restricts user namespaces (Ubuntu from 23.10), and where
// /proc is missing. There RunInHelper() is required. Elsewhere a root may be made in place, which saves the
// child: 0.2 of a native launch.
bool UnshareIsSafeHere();

// Runs `work(argument)` in a child that shares memory and descriptors, and waits for it. Returns what `work`
// returned, or the error of clone(2); ECANCELED if the child was killed.
//
// unshare(2) cannot be undone: a process that got its user namespace and is then refused the mounts (Ubuntu
// from 23.10, containers) has lost its ids and cannot go back. So where that can happen, roots are built in a
// child, and the caller joins only a complete root. CLONE_VM and CLONE_VFORK make this cheaper than fork(2);
// the exit signal is 0, so that no SIGCHLD reaches a handler that the program may install, and only __WCLONE
// waits see the child.
Errno RunInHelper(Errno (*work)(void*), void* argument);

}  // namespace reloc
