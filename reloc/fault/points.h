// The places where relocd and relocctl can be made to fail, by name: $RELOC_FAULTS, see docs/faults.md.
//
// One for each call to the kernel that can fail and is handled in its own way. A test checks that each is
// named by a test, which asserts what a user notices of it.
#pragma once

#include <stddef.h>

namespace reloc::fault {

// X(the point, its name, what fails)
#define RELOC_FAULT_POINTS(X)                                                 \
  X(kControlConnect, "control.connect", "relocctl connects to a daemon")      \
  X(kControlStart, "control.start", "relocd starts gRPC")                     \
  X(kDaemonSpawn, "daemon.spawn", "relocctl starts relocd")                   \
  X(kDirectoryLock, "directory.lock", "relocd locks its directory")           \
  X(kDirectoryOpen, "directory.open", "relocd opens its directory")           \
  X(kEventsQueue, "events.queue", "a client of relocctl events keeps up")     \
  X(kHistoryOpen, "history.open", "relocd opens the history")                 \
  X(kHistoryWrite, "history.write", "relocd writes into the history")         \
  X(kJobBind, "job.bind", "the process of a placed job makes itself known")   \
  X(kJobFork, "job.fork", "a launcher forks its job")                         \
  X(kJobPty, "job.pty", "a launcher makes a terminal for its job")            \
  X(kJobReserve, "job.reserve", "relocctl asks relocd for a job's id")        \
  X(kJobStatus, "job.status", "a launcher writes how its job ended")          \
  X(kJobWatch, "job.watch", "relocd takes hold of a process that launches")   \
  X(kJournalRead, "journal.read", "relocd reads an earlier daemon's journal") \
  X(kJournalReplace, "journal.replace", "relocd writes the journal anew")     \
  X(kJournalWrite, "journal.write", "relocd adds an entry to the journal")    \
  X(kKeeperFork, "keeper.fork", "relocd starts the keeper")                   \
  X(kLaunchAccept, "launch.accept", "relocd accepts a connection")            \
  X(kLaunchReceive, "launch.receive", "relocd reads what a launch says")      \
  X(kLaunchSend, "launch.send", "relocd answers a launch")                    \
  X(kLauncherFork, "launcher.fork", "relocctl forks a launcher")              \
  X(kLogOpen, "log.open", "relocd opens its log file")                        \
  X(kLogWrite, "log.write", "relocd writes a line of its log")                \
  X(kLoopWatch, "loop.watch", "the event loop watches one more descriptor")   \
  X(kMetricsWrite, "metrics.write", "relocd writes the textfile of metrics")  \
  X(kMirrorCreate, "mirror.create", "a mirror is begun")                      \
  X(kMirrorDirectory, "mirror.directory", "a directory of a mirror is made")  \
  X(kMirrorLink, "mirror.link", "a file is shared with another mirror")       \
  X(kMirrorList, "mirror.list", "the list of a mirror's files is written")    \
  X(kMirrorPublish, "mirror.publish", "a mirror gets its name")               \
  X(kMirrorRemove, "mirror.remove", "a mirror is removed")                    \
  X(kMirrorShow, "mirror.show", "relocd tells launches of a mirror")          \
  X(kMirrorSpawn, "mirror.spawn", "relocd starts its process for mirrors")    \
  X(kMirrorSync, "mirror.sync", "mirrors are written to the disk")            \
  X(kMirrorTry, "mirror.try", "a mirror is tried out")                        \
  X(kMirrorWrite, "mirror.write", "a file of a mirror is written")            \
  X(kMountsOpen, "mounts.open", "relocd opens the table of mounts")           \
  X(kOutputOpen, "output.open", "a launcher opens the file for output")       \
  X(kOutputWrite, "output.write", "a launcher writes into that file")         \
  X(kPlaceWatch, "place.watch", "relocd watches its directory")               \
  X(kReaderSpawn, "reader.spawn", "relocd starts its process for /proc")      \
  X(kRegistryWrite, "registry.write", "relocd makes the registry of roots")   \
  X(kRootCreate, "root.create", "relocd asks the keeper for a root")          \
  X(kRootOpen, "root.open", "relocd opens a root to hand it over")            \
  X(kSocketBind, "socket.bind", "relocd makes one of its sockets")

enum class Point {
#define RELOC_FAULT_ENUMERATOR(point, name, what) point,
  RELOC_FAULT_POINTS(RELOC_FAULT_ENUMERATOR)
#undef RELOC_FAULT_ENUMERATOR
};

#define RELOC_FAULT_ONE(point, name, what) +1
inline constexpr size_t kPointCount = 0 RELOC_FAULT_POINTS(RELOC_FAULT_ONE);
#undef RELOC_FAULT_ONE

}  // namespace reloc::fault
