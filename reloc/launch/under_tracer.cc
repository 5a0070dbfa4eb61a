// The kernel reports in /proc/self/status which process traces a process, but has to collect 60 lines for
// that: 12 us, a fiftieth of a native launch. So something cheaper (4 us) is checked first: PRoot has loaded
// the programs that it traces by itself since 5.0 (2014), so that the entry point that the kernel knows is
// its loader's.
//
// Rejected: that alone. An ld.so that is started by its own name does the same. Rejected: PTRACE_TRACEME,
// which fails in a tracee. It turns other processes into tracees.
#include "reloc/launch/under_tracer.h"

#include <elf.h>
#include <fcntl.h>
#include <sys/auxv.h>

#include "reloc/base/file.h"
#include "reloc/base/text.h"

namespace reloc {
namespace {

// Returns true if this program's entry point is that of the file that the kernel executed.
bool LoadedByKernel() {
  unsigned long words[128];  // pairs of type and value, see getauxval(3)
  Result<UniqueFd> fd = Open("/proc/self/auxv", O_RDONLY);
  if (!fd.ok()) return false;
  Result<size_t> size = ReadAll(fd->get(), {reinterpret_cast<char*>(words), sizeof words});
  if (!size.ok()) return false;
  for (size_t i = 0; i + 1 < *size / sizeof words[0]; i += 2) {
    if (words[i] == AT_ENTRY) return words[i + 1] == ::getauxval(AT_ENTRY);
  }
  return false;
}

}  // namespace

bool IsUnderTracer() {
  if (LoadedByKernel()) return false;
  FixedText<4096> status;
  if (!ReadSmallFile("/proc/self/status", &status).ok()) return false;
  constexpr string_view kTracer = "\nTracerPid:\t";
  size_t at = status.view().find(kTracer);
  if (at == string_view::npos) return false;
  string_view rest, pid = SplitFirst(Suffix(status.view(), at + kTracer.size()), '\n', &rest);
  if (pid == "0") return false;
  FixedText<64> path, name;
  path << "/proc/" << pid << "/comm";
  return ReadSmallFile(path.c_str(), &name).ok() && name.view() == "proot\n";
}

}  // namespace reloc
