// The engines that need a pack are tried on one that every host has: /proc. Its /proc/self/root is the host,
// so that the prefix /self/root, which no host has, shows a shell and its ld.so; and /proc/sys is a directory
// that differs from the host's /sys.
#include "reloc/engine/probe.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "reloc/base/loader_setting.h"
#include "reloc/engine/fakechroot.h"
#include "reloc/engine/graft.h"
#include "reloc/engine/proot.h"
#include "reloc/engine/userns_probe.h"
#include "reloc/hosted/status.h"
#include "reloc/launch/executor.h"
#include "reloc/launch/graft_path.h"
#include "reloc/launch/program_path.h"
#include "reloc/pack/elf.h"
#include "reloc/pack/program.h"

namespace reloc {
namespace {

constexpr char kPack[] = "/proc";
constexpr char kShell[] = "/bin/sh";
constexpr char kHostAsStore[] = "/self/root";

EngineReport Failed(Engine engine, std::string obstacle, std::string fix) {
  return {engine, false, std::move(obstacle), std::move(fix)};
}

// Reports the trial's result, with its own fix if it has one, otherwise with `fix`.
EngineReport Judged(Engine engine, const Trial& trial, std::string fix) {
  if (trial.obstacle.empty()) return {engine, true, "", ""};
  return Failed(engine, trial.obstacle, trial.fix.empty() ? std::move(fix) : trial.fix);
}

EngineReport ProbeUserns() {
  Trial trial = TryUserns();
  trial.fix = UsernsFix(trial);
  return Judged(Engine::kUserns, trial, "");
}

// Checks the files that engines need in the installation; the obstacle is empty if they exist.
EngineReport CheckInstallation(Engine engine, const std::string& modules) {
  if (access("/proc/self/environ", R_OK) != 0) {
    return Failed(engine, "find /proc/self/environ: No such file or directory",
                  "mount /proc: the engine reads its settings there");
  }
  for (string_view name : {string_view("/tracee"), kAuditModule, kPreloadModule}) {
    if (std::string path = absl::StrCat(modules, std::string(name)); access(path.c_str(), R_OK) != 0) {
      return Failed(engine, absl::StrCat("find ", path, ": ", strerror(errno)), "reinstall relocd");
    }
  }
  return {};
}

// Runs in the child: becomes the shell with the plan `bytes`, as a launch does, and has it run `script`.
void RunPlan(const std::string& bytes, const std::string& prefix, const char* script, Failure* failure) {
  const LaunchLog log("relocctl", false);
  std::vector<std::string> words = {"sh", "-c", script};
  std::vector<char*> argv = {words[0].data(), words[1].data(), words[2].data(), nullptr};
  Plan plan;
  size_t used = 0;
  const char* why = "it does not fit";
  if (!Plan::Parse(bytes, &plan, &used, &why)) return failure->Set("compile the plan", kOk, why);
  if (const Step* refusal = plan.refusal())
    return failure->Set(refusal->a.data(), kOk, "", refusal->b.data());
  LaunchState state;
  state.pack_dir = state.store_dir = kPack;
  state.argv = argv.data();
  state.envp = environ;
  Result<FileId> store = IdentifyAt(AT_FDCWD, absl::StrCat(kPack, prefix).c_str());
  if (store.ok()) state.store = *store;
  Executor executor(&state, log);
  if (executor.Prepare(plan.prepare(), failure)) executor.Enter(plan.enter(), failure);
}

EngineReport ProbeProot(const std::string& modules) {
  if (EngineReport missing = CheckInstallation(Engine::kProot, modules); !missing.obstacle.empty()) {
    return missing;
  }
  PathText tracer;
  if (!FindProgram(absl::StrCat(modules, "/proot"), "proot", environ, &tracer).ok()) {
    return Failed(Engine::kProot, "proot is not on this host", "as root: apt install proot");
  }
  ProgramSpec shell;
  shell.store_prefix = "/sys";
  shell.program = kShell;
  shell.modules = modules;
  Trial trial = RunTrial([plan = CompileProot(shell)](Failure* failure) {
    RunPlan(plan, "/sys", "test -e /sys/kernel/ostype", failure);
  });
  trial.fix.clear();  // it names another engine, but this one was requested
  return Judged(Engine::kProot, trial,
                "ptrace must be allowed: as root: sysctl kernel.yama.ptrace_scope=1, in a container "
                "--cap-add SYS_PTRACE or a seccomp profile that allows ptrace");
}

// Compiles the plan for the host's shell, as a program in the store /self/root.
absl::StatusOr<std::string> CompileShell(const std::string& modules) {
  RELOC_ASSIGN_OR_RETURN(ElfInfo elf, ReadElf(kShell));
  ProgramSpec shell;
  shell.store_prefix = kHostAsStore;
  shell.store_directory = "/proc/self/root";
  shell.program = absl::StrCat(kHostAsStore, kShell);
  if (!elf.interp.empty()) shell.kind = ProgramKind::kDynamic;
  shell.interpreter = absl::StrCat(kHostAsStore, elf.interp);
  shell.modules = modules;
  return CompileFakechroot(shell);
}

// If ld.so cannot use a module, it reports that on stderr and continues.
EngineReport ProbeFakechroot(const std::string& modules) {
  if (EngineReport missing = CheckInstallation(Engine::kFakechroot, modules); !missing.obstacle.empty()) {
    return missing;
  }
  constexpr char kFix[] = "ld.so must be of glibc, and the installation on a file system without noexec";
  absl::StatusOr<std::string> plan = CompileShell(modules);
  if (!plan.ok()) return Failed(Engine::kFakechroot, std::string(plan.status().message()), kFix);
  Trial trial = RunTrial([&plan](Failure* failure) {
    RunPlan(*plan, kHostAsStore, "test -d /self/root && /self/root/bin/sh -c 'test -d /self/root'", failure);
  });
  return Judged(Engine::kFakechroot, trial, kFix);
}

}  // namespace

EngineReport ProbeEngine(Engine engine, const std::string& modules) {
  switch (engine) {
    case Engine::kUserns:
      return ProbeUserns();
    case Engine::kProot:
      return ProbeProot(modules);
    case Engine::kFakechroot:
      return ProbeFakechroot(modules);
    case Engine::kGraft:
      return Failed(engine, kNoGraftedMirror, kGraftFix);
    case Engine::kNone:
      break;
  }
  return Failed(engine, "no engine", "choose one of those that relocctl engines lists");
}

}  // namespace reloc
