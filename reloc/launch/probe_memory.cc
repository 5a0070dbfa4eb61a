#include "reloc/launch/probe_memory.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "reloc/base/file.h"
#include "reloc/launch/caller.h"
#include "reloc/launch/namespaces.h"

namespace reloc {
namespace {

constexpr const char* kTemporaryFile = "probes.new";
constexpr string_view kNames[kProbeCount] = {"userns", "proot"};

using Tag = FixedText<512>;

struct Memory {
  Verdict verdicts[kProbeCount] = {};
};

// Writes the first line that a trusted file must have here.
Errno MakeTag(TextBuffer* tag) {
  if (::prctl(PR_GET_SECCOMP) != 0) return Errno{EOPNOTSUPP};
  FixedText<64> boot;
  RELOC_TRY(ReadSmallFile("/proc/sys/kernel/random/boot_id", &boot));
  Result<CallerContext> caller = ReadCallerContext();
  if (!caller.ok()) return caller.error();
  string_view rest;
  *tag << "probes 1 boot " << SplitFirst(boot.view(), '\n', &rest) << " uid " << uint64_t{::geteuid()}
       << " admin " << (HasSysAdmin() ? 1 : 0) << " namespaces " << caller->user_ns << ' ' << caller->mount_ns
       << ' ' << caller->pid_ns << " root " << caller->root.device << ' ' << caller->root.inode << ' '
       << caller->root_mount << '\n';
  return tag->overflowed() ? Errno{EOVERFLOW} : kOk;
}

void TakeLine(string_view line, Memory* memory) {
  string_view word;
  string_view name = SplitFirst(line, ' ', &word);
  for (size_t i = 0; i < kProbeCount; ++i) {
    if (name != kNames[i]) continue;
    if (word == "works") memory->verdicts[i] = Verdict::kWorks;
    if (word == "fails") memory->verdicts[i] = Verdict::kFails;
  }
}

Memory Parse(string_view text, string_view tag) {
  Memory memory;
  // A file that does not end with a newline was truncated.
  if (!StartsWith(text, tag) || text.back() != '\n') return memory;
  for (string_view rest = Suffix(text, tag.size()); !rest.empty();) {
    string_view line = SplitFirst(rest, '\n', &rest);
    TakeLine(line, &memory);
  }
  return memory;
}

// Reads without blocking: a FIFO in place of the file must not delay a launch.
Memory Read(int daemon_dir, string_view tag) {
  Result<UniqueFd> fd = OpenAt(daemon_dir, kProbesFile, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  struct stat st;
  if (!fd.ok() || ::fstat(fd->get(), &st) != 0 || !S_ISREG(st.st_mode) || st.st_uid != ::geteuid()) return {};
  char text[1024];
  Result<size_t> size = ReadAll(fd->get(), text);
  return size.ok() && *size < sizeof(text) ? Parse(string_view(text, *size), tag) : Memory();
}

// There is one name for the temporary file, so that killed writers leave at most one. A writer that finds it
// removes it; if its owner still runs, that one's rename fails.
Errno Replace(int daemon_dir, string_view text) {
  Result<UniqueFd> fd = OpenAt(daemon_dir, kTemporaryFile, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
  if (!fd.ok() && fd.error().value != EEXIST) return fd.error();
  Errno e = fd.ok() ? WriteAll(fd->get(), text) : Errno{EBUSY};
  if (e.ok() && ::renameat(daemon_dir, kTemporaryFile, daemon_dir, kProbesFile) != 0) e = Errno::Last();
  if (!e.ok() && ::unlinkat(daemon_dir, kTemporaryFile, 0) != 0 && errno != ENOENT) return Errno::Last();
  return e;
}

}  // namespace

Verdict FindVerdict(int daemon_dir, Probe probe) {
  Tag tag;
  if (daemon_dir < 0 || !MakeTag(&tag).ok()) return Verdict::kUnknown;
  return Read(daemon_dir, tag.view()).verdicts[static_cast<size_t>(probe)];
}

Errno RememberVerdict(int daemon_dir, Probe probe, Verdict verdict) {
  struct stat st;
  if (::fstat(daemon_dir, &st) != 0) return Errno::Last();
  if (st.st_uid != ::geteuid()) return Errno{EPERM};
  Tag tag;
  RELOC_TRY(MakeTag(&tag));
  Memory memory = Read(daemon_dir, tag.view());
  memory.verdicts[static_cast<size_t>(probe)] = verdict;
  FixedText<1024> text;
  text << tag.view();
  for (size_t i = 0; i < kProbeCount; ++i) {
    if (memory.verdicts[i] == Verdict::kUnknown) continue;
    text << kNames[i] << (memory.verdicts[i] == Verdict::kWorks ? " works\n" : " fails\n");
  }
  return Replace(daemon_dir, text.view());
}

}  // namespace reloc
