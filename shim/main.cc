// The static program behind every entry of a pack.
//
// It finds itself by the directory entry that was executed, so that hard links identify the entry, and
// symlinks on the way do not matter. The rest is launch/launcher.h.
#include <elf.h>
#include <errno.h>
#include <string.h>
#include <sys/auxv.h>

#include "reloc/base/env.h"
#include "reloc/base/file.h"
#include "reloc/base/path.h"
#include "reloc/launch/launcher.h"
#include "reloc/launch/pack_files.h"
#include "reloc/launch/program_path.h"

namespace reloc {
namespace {

char g_plans[kMaxPlanBytes];

// Its program header is replaced by that of the plans' segment.
[[gnu::section(".note.relocd"), gnu::used]] constexpr struct {
  uint32_t name_size = sizeof name, description_size = 0, type = 1;
  char name[8] = "relocd";
} kPlace;

// Returns the plans of all entries that the pack's shim carries; empty if it carries none.
std::span<const char> CarriedPlans() {
  // NOLINTNEXTLINE(performance-no-int-to-ptr): the kernel hands pointers over as numbers here
  const auto* headers = reinterpret_cast<const Elf64_Phdr*>(::getauxval(AT_PHDR));
  for (size_t i = 0; headers != nullptr && i < ::getauxval(AT_PHNUM); ++i) {
    if (headers[i].p_type != PT_LOAD || headers[i].p_vaddr < kCarriedAddress) continue;
    // NOLINTNEXTLINE(performance-no-int-to-ptr): where the kernel has mapped it
    return {reinterpret_cast<const char*>(headers[i].p_vaddr), headers[i].p_filesz};
  }
  return {};
}

// Returns the plans of the entry `self`, which is at the usual place, and the two parts of that path; empty
// if this shim carries none.
std::span<const char> FindOwnPlans(string_view self, string_view* pack_dir, string_view* entry) {
  *pack_dir = DirName(DirName(self));
  *entry = Suffix(self, pack_dir->size() + 1);
  return FindCarriedPlans(CarriedPlans(), *entry);
}

int Fail(const LaunchLog& log, string_view what, string_view path, Errno error, string_view hint) {
  FixedText<1024> line;
  line << what << ' ' << path;
  if (!error.ok()) line << ": " << strerror(error.value);
  line << " (" << hint << ')';
  log.Error(line.view());
  return kExitFailed;
}

int Main(char** argv, char** envp) {
  LaunchLog log("reloc", EnvValue(envp, "RELOC_DEBUG") == "1");
  if (Errno e = ReserveStandardFds(); !e.ok())
    return Fail(log, "cannot open", "/", e, "descriptors 0-2 are closed");
  PathText self;
  if (Errno e = FindOwnPath(argv, &self); !e.ok()) {
    return Fail(log, "cannot read", "/proc/self/exe", e, "/proc must be mounted");
  }
  string_view pack_dir, entry;
  std::span<const char> plans = FindOwnPlans(self.view(), &pack_dir, &entry);
  const bool carried = !plans.empty();
  if (!carried) {
    Result<size_t> size = ReadEntry(self.view(), g_plans, &pack_dir, &entry);
    if (pack_dir.empty()) return Fail(log, "no pack around", self.view(), kOk, kEntryHint);
    if (!size.ok()) {
      return Fail(log, "no launch plan for", self.view(), size.error(),
                  "relocctl pack verify tells what the pack lacks");
    }
    plans = {g_plans, *size};
  }
  return Launch({.pack_dir = pack_dir,
                 .entry = BaseName(entry),
                 .plans = plans,
                 .argv = argv,
                 .envp = envp,
                 .assumed_pack = carried},
                log);
}

}  // namespace
}  // namespace reloc

int main(int, char** argv, char** envp) { return reloc::Main(argv, envp); }
