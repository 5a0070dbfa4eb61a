// Entering and making namespaces. Every function here changes the calling process and must be called while it
// is single-threaded: setns(2) and unshare(2) refuse CLONE_NEWUSER otherwise.
#pragma once

#include "reloc/base/result.h"
#include "reloc/base/unique_fd.h"

namespace reloc {

// Where the process lacks CAP_SYS_ADMIN: a new user namespace in which it has it, with the caller's ids
// mapped to themselves. `*step` as below.
Errno EnterUserNamespace(const char** step);

// New mount namespace, and where the process lacks CAP_SYS_ADMIN a new user namespace to have it in, with the
// caller's ids mapped to themselves. Mount events of the host still arrive (slave propagation).
//
// The maps are written here, by the process itself, before anything can look at its ids: a parent that writes
// them for a child races with it (seen elsewhere: one launch in ten ran as nobody under load). `*step` tells
// what failed: unshare(2) may be allowed where mount(2) is not.
Errno EnterNewNamespaces(const char** step);

// Joins the user namespace (if `user_ns` is valid), then the mount namespace that it owns. The first must
// come first: it gives the capability that the second needs. Afterwards root and working directory are those
// of the mount namespace. `*joined_user` tells how far it came.
Errno JoinNamespaces(int user_ns, int mount_ns, bool* joined_user);

// True if `mount_ns` is a mount namespace and `user_ns` a user namespace that this user has made and that
// owns it. Where `user_ns` is -1 only the first is asked. Descriptors of any other kind are asked nothing
// that they could leave unanswered.
bool AreOwnNamespaces(int user_ns, int mount_ns);

// Gives the process a UTS namespace of its own, if it may: the mark by which a job's processes are told apart
// from those of other jobs in the same root, whoever their parents are (ADR 0016). Nothing loses it, and of
// what it holds, the host's name, the process has a copy. Refused (a limit, no capability) it has no mark.
void MarkAsJob();

// The calling process's own namespaces as descriptors.
Errno OpenOwnNamespaces(UniqueFd* user_ns, UniqueFd* mount_ns);

// True if the process has CAP_SYS_ADMIN in its user namespace.
bool HasSysAdmin();

// False where mounts may be refused to a process that was given a user namespace: under a seccomp filter
// (containers, sandboxes), where AppArmor restricts user namespaces (Ubuntu from 23.10), and where /proc is
// missing. There only RunInHelper() will do. Elsewhere a root may be made in place, which saves the child:
// 0.2 of a native launch.
bool UnshareIsSafeHere();

// Runs `work(argument)` in a child that shares memory and descriptors, and waits for it; returns what `work`
// returned, or the error of clone(2); ECANCELED if the child was killed.
//
// unshare(2) cannot be undone: a process that got its user namespace and is then refused the mounts (Ubuntu
// from 23.10, containers) has lost its ids and its way back. So where that can happen roots are built in a
// child, and the caller joins only what is whole. CLONE_VM and CLONE_VFORK make this cheaper than fork(2);
// the exit signal is 0, so that no SIGCHLD reaches a program's handler-to-be, and only __WCLONE waits see the
// child.
Errno RunInHelper(Errno (*work)(void*), void* argument);

}  // namespace reloc
