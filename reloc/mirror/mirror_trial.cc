#include "reloc/mirror/mirror_trial.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <optional>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "reloc/base/file.h"
#include "reloc/base/path.h"
#include "reloc/fault/fault.h"
#include "reloc/hosted/await_child.h"
#include "reloc/hosted/files.h"
#include "reloc/hosted/status.h"
#include "reloc/mirror/tmp_directory.h"
#include "reloc/pack/elf.h"
#include "reloc/pack/manifest.h"

namespace reloc {
namespace {

constexpr absl::Duration kDeadline = absl::Seconds(5);

absl::Status Unusable(const std::string& path, absl::string_view why) {
  return absl::FailedPreconditionError(absl::StrCat("cannot execute ", path, ": ", why));
}

// The host's shortage, which tells nothing of the mirror.
bool IsShortage(int error) {
  return error == ENOMEM || error == EAGAIN || error == EMFILE || error == ENFILE || error == E2BIG;
}

// Without an environment, and with /dev/null as all its descriptors. An errno.
int Spawn(std::vector<std::string> words, pid_t* pid) {
  if (fault::Fails(fault::Point::kMirrorTry)) return errno;
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  char* environment[] = {nullptr};
  posix_spawn_file_actions_t actions;
  if (int error = ::posix_spawn_file_actions_init(&actions); error != 0) return error;
  int error = 0;
  for (int fd = 0; fd <= 2 && error == 0; ++fd) {
    error = ::posix_spawn_file_actions_addopen(&actions, fd, "/dev/null", O_RDWR, 0);
  }
  // The worker's socket above all.
  if (error == 0) error = ::posix_spawn_file_actions_addclosefrom_np(&actions, 3);
  if (error == 0) error = ::posix_spawn(pid, argv[0], &actions, nullptr, argv.data(), environment);
  ::posix_spawn_file_actions_destroy(&actions);
  return error;
}

// What it exits with is its own affair: it was executed. A damaged file ends by one of the signals.
absl::Status Execute(const std::vector<std::string>& words) {
  pid_t pid = 0;
  if (int error = Spawn(words, &pid); error != 0) {
    return IsShortage(error) ? absl::OkStatus() : Unusable(words[0], ::strerror(error));
  }
  const std::optional<int> status = EndChild(pid, kDeadline);
  if (!status) return Unusable(words[0], "the file system does not answer");
  if (!WIFSIGNALED(*status)) return absl::OkStatus();
  const int signal = WTERMSIG(*status);
  const bool damaged = signal == SIGBUS || signal == SIGSEGV || signal == SIGILL;
  return damaged ? Unusable(words[0], absl::StrCat("it was ended by signal ", signal)) : absl::OkStatus();
}

// Where the mirror has the file that programs know by `path`; empty: it is not the mirror's.
std::string InMirror(const std::string& path, const Mirror& mirror, const std::string& store) {
  if (IsBelow(path, store)) return path;  // in a graft, that path is written
  if (!IsBelow(path, mirror.store_prefix)) return "";
  return absl::StrCat(store, path.substr(mirror.store_prefix.size()));
}

// The loader that starts a program of the mirror; empty: no program needs one. FailedPrecondition: none of
// the programs may be executed.
absl::StatusOr<std::string> FindLoader(const Mirror& mirror, const std::string& store) {
  RELOC_ASSIGN_OR_RETURN(pb::Manifest manifest, LoadManifest(mirror.path));
  absl::Status refused;
  bool allowed = manifest.entries().empty();
  for (const pb::Entry& entry : manifest.entries()) {
    const std::string program = InMirror(entry.resolved(), mirror, store);
    if (program.empty()) continue;
    if (::access(program.c_str(), X_OK) != 0) {
      refused.Update(Unusable(program, ::strerror(errno)));
      continue;
    }
    allowed = true;
    absl::StatusOr<ElfInfo> elf = ReadElf(program);
    std::string loader = elf.ok() ? InMirror(elf->interp, mirror, store) : "";
    if (!loader.empty()) return loader;
  }
  if (!allowed && !refused.ok()) return refused;
  return "";
}

// As the kernel does when it executes the file. It is not executed: the pack may be another user's, who is
// not to run programs because somebody makes a mirror.
absl::Status MapAsProgram(const std::string& path) {
  Result<UniqueFd> file = Open(path.c_str(), O_RDONLY);
  if (!file.ok()) return Unusable(path, ::strerror(file.error().value));
  if (::access(path.c_str(), X_OK) != 0) return Unusable(path, ::strerror(errno));
  void* mapped = ::mmap(nullptr, 1, PROT_READ | PROT_EXEC, MAP_PRIVATE, file->get(), 0);
  if (mapped == MAP_FAILED) {
    return IsShortage(errno) ? absl::OkStatus() : Unusable(path, ::strerror(errno));
  }
  ::munmap(mapped, 1);
  return absl::OkStatus();
}

// A script of ours, since nothing of the pack is executed.
absl::Status ExecuteScript(const MirrorCache& cache, const MirrorId& id) {
  RELOC_ASSIGN_OR_RETURN(TmpDirectory tmp, TmpDirectory::Create(cache, id));
  {
    Result<UniqueFd> script = OpenAt(tmp.fd(), "try", O_WRONLY | O_CREAT | O_EXCL, 0700);
    if (!script.ok())
      return SystemError(script.error().value, absl::StrCat("cannot create ", tmp.path(), "/try"));
    if (Errno e = WriteAll(script->get(), "#!/bin/sh\n"); !e.ok()) {
      return SystemError(e.value, absl::StrCat("cannot write ", tmp.path(), "/try"));
    }
  }
  // A host without a shell can try nothing.
  if (::access("/bin/sh", X_OK) != 0) return absl::OkStatus();
  return Execute({absl::StrCat(tmp.path(), "/try")});
}

}  // namespace

absl::Status TryMirror(const MirrorCache& cache, const Mirror& mirror, const std::string& store) {
  RELOC_ASSIGN_OR_RETURN(std::string loader, FindLoader(mirror, store));
  if (!loader.empty()) RELOC_RETURN_IF_ERROR(MapAsProgram(loader));
  return ExecuteScript(cache, mirror.id);
}

}  // namespace reloc
