// The static program behind every entry of a pack.
//
// It finds itself by the directory entry that was executed, so hard links tell which entry is wanted, and
// symlinks that led here are out of the way. From there on it is launch/launcher.h.
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "reloc/base/env.h"
#include "reloc/base/file.h"
#include "reloc/base/path.h"
#include "reloc/launch/launcher.h"
#include "reloc/launch/pack_files.h"

namespace reloc {
namespace {

char g_plans[kMaxPlanBytes];

int Fail(const Trace& trace, string_view what, string_view path, Errno error, string_view hint) {
  FixedText<1024> line;
  line << what << ' ' << path;
  if (!error.ok()) line << ": " << strerror(error.value);
  line << " (" << hint << ')';
  trace.Error(line.view());
  return kExitFailed;
}

// The path that this program was executed by, if the kernel left it in a form that can be used: absolute and
// without symlinks. Saves reading /proc/self/exe, which costs 0.03 of a native launch, since a process's
// first look into /proc/self makes the entries there.
//
// AT_EXECFN is a script's path when we are its interpreter, hence the look at what lies there.
bool FindByExecPath(TextBuffer* self) {
  // NOLINTNEXTLINE(performance-no-int-to-ptr): the kernel hands pointers over as numbers here
  const char* path = reinterpret_cast<const char*>(::getauxval(AT_EXECFN));
  if (path == nullptr || !IsCleanAbsolute(path)) return false;
  // openat2(2) by number and with the kernel's own layout (linux/openat2.h): musl does not know it. Before
  // Linux 5.6 it is ENOSYS. Not blocking: by now a pipe may have the name.
  constexpr long kOpenat2 = 437;
  constexpr uint64_t kResolveNoSymlinks = 4;
  struct {
    uint64_t flags, mode, resolve;
  } how{O_RDONLY | O_CLOEXEC | O_NONBLOCK, 0, kResolveNoSymlinks};
  UniqueFd file(static_cast<int>(::syscall(kOpenat2, AT_FDCWD, path, &how, sizeof how)));
  char magic[4];
  if (!file.valid() || ::read(file.get(), magic, sizeof magic) != sizeof magic) return false;
  if (memcmp(magic, "\177ELF", sizeof magic) != 0) return false;
  *self << path;
  return !self->overflowed();
}

Errno FindSelf(TextBuffer* self) {
  if (FindByExecPath(self)) return kOk;
  self->Clear();
  return ReadLink(AT_FDCWD, "/proc/self/exe", self);
}

int Main(char** argv, char** envp) {
  Trace trace("reloc", EnvValue(envp, "RELOC_DEBUG") == "1");
  if (Errno e = ReserveStandardFds(); !e.ok())
    return Fail(trace, "cannot open", "/", e, "descriptors 0-2 are closed");
  PathText self;
  if (Errno e = FindSelf(&self); !e.ok()) {
    return Fail(trace, "cannot read", "/proc/self/exe", e, "/proc must be mounted");
  }
  string_view pack_dir, entry;
  if (!FindPack(self.view(), &pack_dir, &entry)) {
    return Fail(trace, "no pack around", self.view(), kOk,
                "this program works as <pack>/bin/NAME, beside <pack>/.reloc");
  }
  Result<size_t> size = ReadPlans(pack_dir, entry, g_plans);
  if (!size.ok()) {
    return Fail(trace, "no launch plan for", self.view(), size.error(),
                "relocctl pack verify tells what the pack lacks");
  }
  return Launch(
      {.pack_dir = pack_dir, .entry = BaseName(entry), .plans = {g_plans, *size}, .argv = argv, .envp = envp},
      trace);
}

}  // namespace
}  // namespace reloc

int main(int, char** argv, char** envp) { return reloc::Main(argv, envp); }
