#include "daemon/jobs/proc_stat.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <memory>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
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

// In fixed memory: thousands are read at a time.
class Fields {
 public:
  explicit Fields(absl::string_view text) {
    while (count_ < fields_.size()) {
      size_t end = text.find(' ');
      fields_[count_++] = text.substr(0, end);
      if (end == absl::string_view::npos) break;
      text.remove_prefix(end + 1);
    }
  }
  bool complete() const { return count_ == fields_.size(); }
  absl::string_view Text(Field field) const { return fields_[field - kState]; }
  // Negative and odd values become 0.
  uint64_t Number(Field field) const {
    uint64_t value = 0;
    return absl::SimpleAtoi(Text(field), &value) ? value : 0;
  }

 private:
  std::array<absl::string_view, kExitCode - kState + 1> fields_;
  size_t count_ = 0;
};

double TicksToSeconds(uint64_t ticks) {
  static const double kTicks = static_cast<double>(::sysconf(_SC_CLK_TCK));
  return static_cast<double>(ticks) / kTicks;
}

std::optional<ProcStat> ReadStatAt(int directory, const char* pid) {
  FixedText<64> path;
  path << pid << "/stat";
  Result<UniqueFd> file = OpenAt(directory, path.c_str(), O_RDONLY);
  if (!file.ok()) return std::nullopt;
  char text[1024];
  // Whole in one read(2), as seq_file gives what fits.
  ssize_t size = ::read(file->get(), text, sizeof text);
  return size <= 0 ? std::nullopt : ParseProcStat({text, static_cast<size_t>(size)});
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
  return ReadStatAt(AT_FDCWD, absl::StrCat("/proc/", pid).c_str());
}

ProcessTree::ProcessTree(absl::flat_hash_map<pid_t, ProcStat> processes) : processes_(std::move(processes)) {
  for (const auto& [pid, stat] : processes_) children_[stat.parent].push_back(pid);
}

// Relative to /proc, which is half the way.
ProcessTree ProcessTree::Read() {
  absl::flat_hash_map<pid_t, ProcStat> processes;
  std::unique_ptr<DIR, CloseDir> proc(::opendir("/proc"));
  while (proc != nullptr) {
    const struct dirent* entry = ::readdir(proc.get());
    if (entry == nullptr) break;
    pid_t pid = 0;
    if (!absl::SimpleAtoi(entry->d_name, &pid)) continue;
    // A process may end at any moment; then it is not there.
    if (std::optional<ProcStat> stat = ReadStatAt(::dirfd(proc.get()), entry->d_name); stat) {
      processes.emplace(pid, *stat);
    }
  }
  return ProcessTree(std::move(processes));
}

std::vector<pid_t> ProcessTree::Descendants(const std::vector<pid_t>& roots) const {
  std::vector<pid_t> found;
  // Numbers are used again while /proc is read, so that parents may seem to go round in circles.
  absl::flat_hash_set<pid_t> seen;
  auto add = [&](const std::vector<pid_t>& pids) {
    for (pid_t pid : pids) {
      if (processes_.contains(pid) && seen.insert(pid).second) found.push_back(pid);
    }
  };
  add(roots);
  for (size_t i = 0; i < found.size(); ++i) {
    auto children = children_.find(found[i]);
    if (children != children_.end()) add(children->second);
  }
  return found;
}

Usage ProcessTree::UsageOf(const std::vector<pid_t>& pids) const {
  Usage usage;
  for (pid_t pid : pids) {
    auto found = processes_.find(pid);
    if (found == processes_.end()) continue;
    const ProcStat& stat = found->second;
    usage.cpu_seconds += stat.cpu_seconds + stat.children_cpu_seconds;
    usage.rss_bytes += stat.rss_bytes;
    if (stat.state != 'Z') ++usage.processes;
  }
  return usage;
}

}  // namespace reloc
