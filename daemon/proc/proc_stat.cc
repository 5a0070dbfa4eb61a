#include "daemon/proc/proc_stat.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
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

// Whole in one read(2), as seq_file gives what fits. Empty if it cannot be read.
absl::string_view ReadOnce(const std::string& path, std::span<char> memory) {
  Result<UniqueFd> file = Open(path.c_str(), O_RDONLY);
  if (!file.ok()) return {};
  ssize_t size = ::read(file->get(), memory.data(), memory.size());
  return size <= 0 ? absl::string_view() : absl::string_view(memory.data(), static_cast<size_t>(size));
}

// The number that `line` of /proc/PID/status begins with after `name`.
template <typename Number>
void TakeNumber(absl::string_view line, absl::string_view name, Number* number) {
  if (!absl::ConsumePrefix(&line, name)) return;
  line = line.substr(line.find_first_not_of("\t "));
  (void)absl::SimpleAtoi(line.substr(0, line.find_first_of("\t ")), number);
}

struct CloseDir {
  void operator()(DIR* dir) const { ::closedir(dir); }
};

enum class Owner { kWe, kRoot, kOther };

// In a user namespace without an id for root its files seem to be of the overflow uid.
Owner OwnerAt(int directory, const char* pid) {
  constexpr uid_t kOverflow = 65534;
  struct stat st;
  if (::fstatat(directory, pid, &st, AT_SYMLINK_NOFOLLOW) != 0) return Owner::kOther;
  if (st.st_uid == ::geteuid()) return Owner::kWe;
  return st.st_uid == 0 || st.st_uid == kOverflow ? Owner::kRoot : Owner::kOther;
}

bool IsRunByUs(pid_t pid) {
  std::optional<ProcStatus> status = ReadProcStatus(pid);
  return status && status->user == ::getuid();
}

struct Listing {
  std::vector<pid_t> ours;
  std::vector<pid_t> roots;  // among which are the setuid programs that we run
};

Listing ListProcesses() {
  Listing listing;
  std::unique_ptr<DIR, CloseDir> proc(::opendir("/proc"));
  while (proc != nullptr) {
    const struct dirent* entry = ::readdir(proc.get());
    if (entry == nullptr) break;
    pid_t pid = 0;
    if (!absl::SimpleAtoi(entry->d_name, &pid)) continue;
    const Owner owner = OwnerAt(::dirfd(proc.get()), entry->d_name);
    if (owner == Owner::kWe) listing.ours.push_back(pid);
    if (owner == Owner::kRoot) listing.roots.push_back(pid);
  }
  return listing;
}

using Found = absl::flat_hash_map<pid_t, std::optional<ProcStat>>;

std::optional<ProcStat> ReadStuck(pid_t pid) {
  std::optional<ProcStatus> status = ReadProcStatus(pid);
  return status ? std::optional(status->stat) : std::nullopt;
}

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
  char text[1024];
  return ParseProcStat(ReadOnce(absl::StrCat("/proc/", pid, "/stat"), text));
}

std::optional<ProcStatus> ParseProcStatus(absl::string_view text) {
  ProcStatus status;
  uint64_t resident = 0;  // kB
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    constexpr absl::string_view kStateField = "State:\t";
    if (absl::StartsWith(line, kStateField) && line.size() > kStateField.size()) {
      status.stat.state = line[kStateField.size()];
    }
    TakeNumber(line, "PPid:", &status.stat.parent);
    TakeNumber(line, "TracerPid:", &status.tracer);
    TakeNumber(line, "Uid:", &status.user);
    TakeNumber(line, "VmRSS:", &resident);
  }
  status.stat.rss_bytes = resident * 1024;
  return status.stat.state == '?' ? std::nullopt : std::optional(status);
}

std::optional<ProcStatus> ReadProcStatus(pid_t pid) {
  char text[8192];
  return ParseProcStatus(ReadOnce(absl::StrCat("/proc/", pid, "/status"), text));
}

bool IsOurs(pid_t pid) {
  const Owner owner = OwnerAt(AT_FDCWD, absl::StrCat("/proc/", pid).c_str());
  return owner == Owner::kWe || (owner == Owner::kRoot && IsRunByUs(pid));
}

ProcessTree::ProcessTree(absl::flat_hash_map<pid_t, ProcStat> processes) : processes_(std::move(processes)) {
  for (const auto& [pid, stat] : processes_) children_[stat.parent].push_back(pid);
}

ProcessTree ProcessTree::Read(StallGuard* guard) {
  const Listing listing = ListProcesses();
  std::vector<pid_t> all = listing.ours;
  all.insert(all.end(), listing.roots.begin(), listing.roots.end());
  const absl::flat_hash_set<pid_t> ours(listing.ours.begin(), listing.ours.end());
  Found found = guard->ReadEach<std::optional<ProcStat>>(all, [ours](pid_t pid) {
    return ours.contains(pid) || IsRunByUs(pid) ? ReadProcStat(pid) : std::nullopt;
  });
  std::vector<pid_t> stuck;
  for (pid_t pid : listing.ours) {
    if (!found.contains(pid)) stuck.push_back(pid);
  }
  found.merge(guard->ReadEach<std::optional<ProcStat>>(stuck, ReadStuck, 2));
  absl::flat_hash_map<pid_t, ProcStat> processes;
  for (const auto& [pid, stat] : found) {
    // A process may end at any moment; then it is not there.
    if (stat) processes.emplace(pid, *stat);
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
