#include "reloc/engine/probe.h"

#include <unistd.h>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "reloc/engine/userns_probe.h"
#include "reloc/pack/host_command.h"

namespace reloc {
namespace {

EngineReport Failed(Engine engine, std::string obstacle, std::string cure) {
  return {engine, false, std::move(obstacle), std::move(cure), ""};
}

EngineReport ProbeUserns() {
  UsernsTrial trial = TryUserns();
  if (trial.error == 0) return {Engine::kUserns, true, "", "", ""};
  return Failed(Engine::kUserns, trial.obstacle, UsernsCure(trial));
}

// A bind over a directory that every host has, so that proot makes none.
absl::StatusOr<CommandResult> RunUnderProot(const char* setting) {
  return RunCommand(
      {"env", setting, "proot", "-b", "/usr:/var", "/bin/sh", "-c", "test -d /var/bin && test -d /etc"});
}

EngineReport ProbeProot() {
  constexpr char kMissing[] = "as root: apt install proot";
  absl::StatusOr<CommandResult> found = RunCommand({"proot", "--version"});
  if (!found.ok()) return Failed(Engine::kProot, "proot is not on this host", kMissing);
  // A setting that PRoot does not know stands for its default, which is to accelerate.
  absl::StatusOr<CommandResult> fast = RunUnderProot("RELOC_PROBE=1");
  if (fast.ok() && fast->exit_code == 0) return {Engine::kProot, true, "", "", ""};
  absl::StatusOr<CommandResult> slow = RunUnderProot("PROOT_NO_SECCOMP=1");
  if (slow.ok() && slow->exit_code == 0) {
    return {Engine::kProot, true, "", "", "without its seccomp acceleration"};
  }
  return Failed(Engine::kProot, slow.ok() ? Complaint(*slow) : std::string(slow.status().message()),
                "ptrace must be allowed: as root: sysctl kernel.yama.ptrace_scope=1, in a container "
                "--cap-add SYS_PTRACE or a seccomp profile that allows ptrace");
}

// ld.so says so on stderr when it cannot use an audit module, and goes on.
EngineReport ProbeFakechroot(const std::string& audit_module) {
  if (access("/proc/self/environ", R_OK) != 0) {
    return Failed(Engine::kFakechroot, "find /proc/self/environ: No such file or directory",
                  "mount /proc: the audit module reads its settings there");
  }
  if (access(audit_module.c_str(), R_OK) != 0) {
    return Failed(Engine::kFakechroot, "the installation's audit.so is not found", "reinstall relocd");
  }
  absl::StatusOr<CommandResult> tried =
      RunCommand({"env", absl::StrCat("LD_AUDIT=", audit_module), "RELOC_STORE_PREFIX=/relocd-probe",
                  "/bin/sh", "-c", ":"});
  if (tried.ok() && tried->exit_code == 0 && tried->errors.empty()) {
    return {Engine::kFakechroot, true, "", "", ""};
  }
  return Failed(Engine::kFakechroot, tried.ok() ? Complaint(*tried) : std::string(tried.status().message()),
                "the host's ld.so must be glibc's, and the installation on a file system without noexec");
}

}  // namespace

EngineReport ProbeEngine(Engine engine, const std::string& audit_module) {
  switch (engine) {
    case Engine::kUserns:
      return ProbeUserns();
    case Engine::kProot:
      return ProbeProot();
    case Engine::kFakechroot:
      return ProbeFakechroot(audit_module);
    default:
      return Failed(engine, "not available in this version", "choose another engine");
  }
}

}  // namespace reloc
