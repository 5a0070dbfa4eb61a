#include "daemon/jobs/proc_stat.h"

#include <dirent.h>
#include <unistd.h>

#include <array>
#include <memory>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "reloc/base/file.h"

namespace reloc {
namespace {

// Positions as proc(5) numbers them; the state, which is the first after the name, is number 3.
enum Field {
  kState = 3,
  kParent = 4,
  kUtime = 14,
  kStime,
  kCutime,
  kCstime,
  kStartTime = 22,
  kRss = 24,
  kExitCode = 52
};

class Fields {
 public:
  explicit Fields(absl::string_view text) : fields_(absl::StrSplit(text, ' ')) {}
  bool complete() const { return fields_.size() > kExitCode - kState; }
  absl::string_view Text(Field field) const { return fields_[field - kState]; }
  // Negative and odd values become 0.
  uint64_t Number(Field field) const {
    uint64_t value = 0;
    return absl::SimpleAtoi(Text(field), &value) ? value : 0;
  }

 private:
  std::vector<absl::string_view> fields_;
};

double TicksToSeconds(uint64_t ticks) {
  static const double kTicks = static_cast<double>(::sysconf(_SC_CLK_TCK));
  return static_cast<double>(ticks) / kTicks;
}

struct CloseDir {
  void operator()(DIR* dir) const { ::closedir(dir); }
};

}  // namespace

std::optional<ProcStat> ParseProcStat(absl::string_view text) {
  size_t name_end = text.rfind(')');
  if (name_end == absl::string_view::npos || name_end + 2 > text.size()) return std::nullopt;
  text.remove_prefix(name_end + 2);
  if (!text.empty() && text.back() == '\n') text.remove_suffix(1);
  Fields fields(text);
  if (!fields.complete() || fields.Text(kState).size() != 1) return std::nullopt;
  static const uint64_t kPageSize = static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
  ProcStat stat;
  stat.state = fields.Text(kState)[0];
  stat.parent = static_cast<pid_t>(fields.Number(kParent));
  stat.cpu_seconds = TicksToSeconds(fields.Number(kUtime) + fields.Number(kStime));
  stat.children_cpu_seconds = TicksToSeconds(fields.Number(kCutime) + fields.Number(kCstime));
  stat.started = absl::Seconds(TicksToSeconds(fields.Number(kStartTime)));
  stat.rss_bytes = fields.Number(kRss) * kPageSize;
  stat.exit_code = static_cast<int>(fields.Number(kExitCode));
  return stat;
}

std::optional<ProcStat> ReadProcStat(pid_t pid) {
  FixedText<1024> text;
  Errno e = ReadSmallFile(absl::StrCat("/proc/", pid, "/stat").c_str(), &text);
  if (!e.ok()) return std::nullopt;
  return ParseProcStat({text.view().data(), text.size()});
}

ProcessTree::ProcessTree(absl::flat_hash_map<pid_t, ProcStat> processes) : processes_(std::move(processes)) {
  for (const auto& [pid, stat] : processes_) children_[stat.parent].push_back(pid);
}

ProcessTree ProcessTree::Read() {
  absl::flat_hash_map<pid_t, ProcStat> processes;
  std::unique_ptr<DIR, CloseDir> proc(::opendir("/proc"));
  while (proc != nullptr) {
    const struct dirent* entry = ::readdir(proc.get());
    if (entry == nullptr) break;
    pid_t pid = 0;
    if (!absl::SimpleAtoi(entry->d_name, &pid)) continue;
    // A process may end at any moment; then it is not there.
    if (std::optional<ProcStat> stat = ReadProcStat(pid); stat) processes[pid] = *stat;
  }
  return ProcessTree(std::move(processes));
}

Usage ProcessTree::UsageOf(pid_t pid) const {
  Usage usage;
  std::vector<pid_t> rest = {pid};
  // Numbers are used again while /proc is read, so that parents may seem to go round in circles.
  absl::flat_hash_set<pid_t> seen;
  while (!rest.empty()) {
    pid_t next = rest.back();
    rest.pop_back();
    auto found = processes_.find(next);
    if (found == processes_.end() || !seen.insert(next).second) continue;
    const ProcStat& stat = found->second;
    usage.cpu_seconds += stat.cpu_seconds + stat.children_cpu_seconds;
    usage.rss_bytes += stat.rss_bytes;
    if (stat.state != 'Z') ++usage.processes;
    auto children = children_.find(next);
    if (children != children_.end())
      rest.insert(rest.end(), children->second.begin(), children->second.end());
  }
  return usage;
}

}  // namespace reloc
