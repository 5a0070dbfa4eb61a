// relocctl, as users execute it. `relocctl run PROGRAM` of an entry of a pack is handled here, in a static
// program as small as the shim: loading what the other commands need (gRPC, protobuf, CLI11) costs more than
// the whole launch. For everything else this process executes libexec/relocd/relocctl (client/).
//
// Nothing is reported here that the other program would find as well.
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "reloc/base/env.h"
#include "reloc/base/file.h"
#include "reloc/base/path.h"
#include "reloc/launch/engines.h"
#include "reloc/launch/image_launch.h"
#include "reloc/launch/launcher.h"
#include "reloc/launch/pack_files.h"
#include "reloc/launch/program_path.h"
#include "reloc/launch/root_builder.h"

namespace reloc {
namespace {

struct CommandLine {
  string_view engine;        // --engine; empty: from the environment
  char** command = nullptr;  // PROGRAM [ARG...]
};

struct Entry {
  char path[PATH_MAX];  // the real path
  char plan_memory[kMaxPlanBytes];
  string_view pack_dir, name;
  std::span<const char> plans;
};

// Parses `--engine NAME` or `--engine=NAME` at `*rest`, and advances it.
bool TakeEngine(char*** rest, string_view* engine) {
  constexpr string_view kOption = "--engine", kWithValue = "--engine=";
  string_view option = *(*rest)++;
  if (StartsWith(option, kWithValue)) {
    *engine = Suffix(option, kWithValue.size());
    return true;
  }
  if (option != kOption || **rest == nullptr) return false;
  *engine = *(*rest)++;
  return true;
}

// Returns false for everything except `run [--engine NAME] [--] PROGRAM [ARG...]`.
bool Parse(char** argv, CommandLine* line) {
  if (argv[0] == nullptr || argv[1] == nullptr || strcmp(argv[1], "run") != 0) return false;
  char** rest = argv + 2;
  while (*rest != nullptr && **rest == '-') {
    if (strcmp(*rest, "--") == 0) {
      ++rest;
      break;
    }
    if (!TakeEngine(&rest, &line->engine)) return false;
  }
  line->command = rest;
  return *rest != nullptr && (line->engine.empty() || ParseEngineChain(line->engine).unknown.empty());
}

// Finds the entry of a pack at the path `program`.
bool FindEntry(const char* program, Entry* entry) {
  if (strchr(program, '/') == nullptr) return false;  // to be found in $PATH
  if (::realpath(program, entry->path) == nullptr) return false;
  Result<size_t> size = ReadEntry(entry->path, entry->plan_memory, &entry->pack_dir, &entry->name);
  if (!size.ok() || ::access(entry->path, X_OK) != 0) return false;
  entry->name = BaseName(entry->name);
  entry->plans = {entry->plan_memory, *size};
  return true;
}

class Front {
 public:
  Front(const CommandLine& line, char** envp, const LaunchLog& log) : line_(line), log_(log) {
    request_.argv = line.command;
    request_.envp = envp;
    request_.engine = line.engine;
  }

  // Both return an exit status; or -1, if they cannot handle the program.
  int RunEntry();
  int RunImageEntry();

 private:
  int ReportMissing(int error) const;

  const CommandLine& line_;
  const LaunchLog& log_;
  LaunchRequest request_;
};

Entry g_entry;

int Front::RunEntry() {
  if (!FindEntry(line_.command[0], &g_entry)) return -1;
  request_.pack_dir = g_entry.pack_dir;
  request_.entry = g_entry.name;
  request_.plans = g_entry.plans;
  return Launch(request_, log_);
}

// Reports it here, because the other relocctl may be unreachable: the image's store hides the host's.
int Front::ReportMissing(int error) const {
  FixedText<PATH_MAX + 100> text;
  text << line_.command[0] << ": " << strerror(error);
  log_.Error(text.view());
  return ExecExitStatus(error);
}

// See client/run/image_run.h. A process in an image's root cannot leave it, so only paths that look like an
// entry are handled here.
int Front::RunImageEntry() {
  ImageTarget image;
  if (!FindImageTarget(line_.command[0], &image) || !StartsWith(image.inside, "bin/")) return -1;
  if (!Includes(ChooseEngineChain(line_.engine, request_.envp), Engine::kUserns)) return -1;
  request_ = ImageRequest(image, line_.command, request_.envp);
  if (int status = EnterImage(&request_, log_); status != 0) return status;
  static PathText program;
  program << kImagePackDir << '/' << image.inside;
  if (::access(program.c_str(), X_OK) != 0) return ReportMissing(errno);
  if (!FindEntry(program.c_str(), &g_entry)) return -1;
  request_.entry = g_entry.name;
  request_.plans = g_entry.plans;
  line_.command[0] = const_cast<char*>(program.c_str());
  return Launch(request_, log_);
}

// Returns whether both paths lead to one file: then this program was installed in place of the other.
bool IsSame(const PathText& self, const PathText& path) {
  Result<FileId> ours = IdentifyAt(AT_FDCWD, self.c_str()), theirs = IdentifyAt(AT_FDCWD, path.c_str());
  return ours.ok() && theirs.ok() && *ours == *theirs;
}

// Executes the program; returns the error if that failed.
Errno Execute(const PathText& self, const PathText& path, char** argv, char** envp) {
  if (path.overflowed()) return Errno{ENAMETOOLONG};
  if (IsSame(self, path)) return Errno{ELOOP};
  ::execve(path.c_str(), argv, envp);
  return Errno::Last();
}

int ExecuteCommands(const PathText& self, char** argv, char** envp, const LaunchLog& log) {
  PathText path;
  Errno error;
  for (const char* place : {"/libexec/relocctl", "/libexec/relocd/relocctl"}) {
    path.Clear();
    path << InstallationPrefix(self.view()) << place;
    error = Execute(self, path, argv, envp);
    if (error.value != ENOENT) break;
  }
  FixedText<PATH_MAX + 100> line;
  line << "cannot execute " << path.view() << ": " << strerror(error.value);
  if (error.value == ENOENT || error.value == ELOOP) line << "; reinstall relocd";
  log.Error(line.view());
  return kExitFailed;
}

int Main(char** argv, char** envp) {
  LaunchLog log("relocctl", EnvValue(envp, "RELOC_DEBUG") == "1");
  if (!ReserveStandardFds().ok()) return kExitFailed;
  static CommandLine line;
  if (Parse(argv, &line)) {
    Front front(line, envp, log);
    int status = front.RunEntry();
    if (status < 0) status = front.RunImageEntry();
    if (status >= 0) return status;
  }
  PathText self;
  if (!FindOwnPath(argv, &self).ok() && !FindOwnPathWithoutProc(argv, &self).ok()) {
    log.Error("cannot read /proc/self/exe (/proc must be mounted)");
    return kExitFailed;
  }
  return ExecuteCommands(self, argv, envp, log);
}

}  // namespace
}  // namespace reloc

int main(int, char** argv, char** envp) { return reloc::Main(argv, envp); }
