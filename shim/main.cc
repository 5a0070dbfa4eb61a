// The static program behind every entry of a pack.
//
// It finds itself through /proc/self/exe: the link names the directory entry that was executed, so hard links
// tell which entry is wanted, and symlinks that led here are out of the way. From there on it is
// launch/launcher.h.
#include <errno.h>
#include <fcntl.h>
#include <string.h>
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

int Main(char** argv, char** envp) {
  Trace trace("reloc", EnvValue(envp, "RELOC_DEBUG") == "1");
  if (Errno e = ReserveStandardFds(); !e.ok())
    return Fail(trace, "cannot open", "/", e, "descriptors 0-2 are closed");
  PathText self;
  if (Errno e = ReadLink(AT_FDCWD, "/proc/self/exe", &self); !e.ok()) {
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
