// From /proc/PID/status: smaps_rollup, which would not count shared pages twice, cannot be read, because
// relocd is not dumpable.
#include "bench/launching/proc.h"

#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace reloc::bench {
namespace {

namespace fs = std::filesystem;

// Returns the number in the line "<name>:  1234 kB" of a status file; 0 if it cannot be read.
int64_t StatusNumber(const fs::path& file, absl::string_view name) {
  std::ifstream status(file);
  for (std::string line; std::getline(status, line);) {
    absl::string_view rest = line;
    if (!absl::ConsumePrefix(&rest, name) || !absl::ConsumePrefix(&rest, ":")) continue;
    absl::ConsumeSuffix(&rest, " kB");
    int64_t number = 0;
    return absl::SimpleAtoi(rest, &number) ? number : 0;
  }
  return 0;
}

// Lists `daemon` and its children, without the benchmark's own jobs (they have another parent).
std::vector<fs::path> DaemonProcesses(pid_t daemon) {
  std::vector<fs::path> processes = {absl::StrCat("/proc/", daemon)};
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator("/proc", error)) {
    int pid = 0;
    if (!absl::SimpleAtoi(entry.path().filename().string(), &pid)) continue;
    if (StatusNumber(entry.path() / "status", "PPid") == daemon) processes.push_back(entry.path());
  }
  return processes;
}

int64_t Sum(pid_t daemon, const std::function<int64_t(const fs::path&)>& of_process) {
  int64_t sum = 0;
  for (const fs::path& process : DaemonProcesses(daemon)) sum += of_process(process);
  return sum;
}

}  // namespace

int64_t ResidentKilobytes(pid_t daemon) {
  return Sum(daemon, [](const fs::path& process) { return StatusNumber(process / "status", "VmRSS"); });
}

// A thread that sleeps and wakes up has switched voluntarily.
int64_t WakeUps(pid_t daemon) {
  return Sum(daemon, [](const fs::path& process) {
    int64_t switches = 0;
    std::error_code error;
    for (const fs::directory_entry& task : fs::directory_iterator(process / "task", error)) {
      switches += StatusNumber(task.path() / "status", "voluntary_ctxt_switches");
    }
    return switches;
  });
}

// Not from stat, which counts in ticks of 10 ms. See Documentation/scheduler/sched-stats.rst of Linux.
absl::Duration ProcessorTime(pid_t pid) {
  std::ifstream file(absl::StrCat("/proc/", pid, "/schedstat"));
  int64_t nanoseconds = 0;
  file >> nanoseconds;
  return absl::Nanoseconds(nanoseconds);
}

}  // namespace reloc::bench
