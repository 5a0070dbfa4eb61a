#include "tests/slowfs/file_system.h"

#include <errno.h>
#include <fcntl.h>
#include <fuse_lowlevel.h>
#include <sys/mount.h>
#include <sys/prctl.h>

#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "reloc/hosted/files.h"
#include "reloc/hosted/status.h"
#include "tests/slowfs/operations.h"

namespace reloc::slowfs {
namespace {

// More than any test lets hang at once.
constexpr unsigned kMostThreads = 64;

fuse_session* NewSession(FileSystem* files, bool writable) {
  char name[] = "slowfs", option[] = "-o", read[] = "ro,default_permissions,fsname=slowfs",
       write[] = "rw,default_permissions,fsname=slowfs";
  char* texts[] = {name, option, writable ? write : read, nullptr};
  fuse_args arguments = FUSE_ARGS_INIT(3, texts);
  fuse_session* session =
      fuse_session_new(&arguments, &Operations(writable), sizeof(fuse_lowlevel_ops), files);
  fuse_opt_free_args(&arguments);
  return session;
}

void Serve(fuse_session* session) {
  fuse_loop_config* config = fuse_loop_cfg_create();
  fuse_loop_cfg_set_max_threads(config, kMostThreads);
  fuse_loop_cfg_set_idle_threads(config, kMostThreads);
  fuse_session_loop_mt(session, config);
  fuse_loop_cfg_destroy(config);
}

}  // namespace

FileSystem::FileSystem(Settings settings, Pace* pace) : settings_(std::move(settings)), pace_(pace) {}

absl::Status FileSystem::Mount() {
  RELOC_ASSIGN_OR_RETURN(source_, OpenFile(settings_.source, O_PATH | O_DIRECTORY));
  RELOC_RETURN_IF_ERROR(OpenFile("/dev/fuse", O_RDWR).status());
  // libfuse prints what failed on stderr.
  session_ = NewSession(this, settings_.writable);
  if (session_ == nullptr || fuse_session_mount(session_, settings_.mountpoint.c_str()) != 0)
    return absl::UnavailableError(absl::StrCat("cannot mount at ", settings_.mountpoint));
  // Otherwise a sleep takes up to 50 µs longer than it should. Threads inherit it.
  ::prctl(PR_SET_TIMERSLACK, 1UL, 0, 0, 0);
  std::thread(Serve, session_).detach();
  return absl::OkStatus();
}

// Not with libfuse, which would close the descriptor that its threads read from.
void FileSystem::Unmount() { ::umount2(settings_.mountpoint.c_str(), MNT_DETACH); }

// Errors mean that the kernel had nothing cached.
void FileSystem::MakeCold() {
  for (const auto& [parent, name] : tree_.Entries())
    fuse_lowlevel_notify_inval_entry(session_, parent, name.c_str(), name.size());
  for (uint64_t id = 1; id <= tree_.Count(); ++id) fuse_lowlevel_notify_inval_inode(session_, id, 0, 0);
}

}  // namespace reloc::slowfs
