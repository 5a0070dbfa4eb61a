// The plan here and preload/command.cc, for the children of a program, do the same: they pass ld.so the
// program to start, and set the variables that ld.so and the two modules need.
#include "reloc/engine/fakechroot.h"

#include "absl/strings/str_cat.h"
#include "reloc/base/loader_setting.h"
#include "reloc/base/path.h"
#include "reloc/engine/loader_facts.h"
#include "reloc/engine/plan_text.h"
#include "reloc/hosted/status.h"
#include "reloc/pack/store.h"

namespace reloc {
namespace {

constexpr char kOtherEngine[] = "use the engine userns";

// The loader of every glibc on x86-64 or AArch64: programs of a host that has it can load our module.
#if defined(__x86_64__)
constexpr char kHostLoader[] = "/lib64/ld-linux-x86-64.so.2";
#elif defined(__aarch64__)
constexpr char kHostLoader[] = "/lib/ld-linux-aarch64.so.1";
#endif

// The program that ld.so starts.
struct Start {
  std::string loader;             // store path of ld.so
  std::string program;            // store path of an ELF program
  std::string argv0;              // template
  std::vector<std::string> args;  // before the caller's argv[1]
};

std::string Refuse(const ProgramSpec& program, std::string_view why) {
  PlanText plan(Engine::kFakechroot, program.digest);
  plan.Add(Op::kRefuse, why, kOtherEngine);
  return plan.Finish();
}

Start StartOf(const ProgramSpec& program) {
  if (program.kind == ProgramKind::kDynamic) {
    return {program.interpreter, program.program, std::string(1, kArgv0), {}};
  }
  Start start{program.interpreter_loader, program.interpreter, program.interpreter_name, {}};
  if (!program.interpreter_argument.empty()) start.args.push_back(program.interpreter_argument);
  start.args.push_back(program.program);
  return start;
}

// Returns why ld.so cannot start the program at all; empty if it can.
std::string Obstacle(const ProgramSpec& program, const Start& start) {
  if (program.kind == ProgramKind::kStatic) return "the program is static: no loader starts it";
  if (start.loader.empty()) {
    return absl::StrCat("its interpreter ", start.program, " is static or a script: no loader starts it");
  }
  if (!IsBelow(start.loader, program.store_prefix)) {
    return absl::StrCat("its loader ", start.loader, " is the host's, which does not see the store");
  }
  return "";
}

// Returns the setting for both modules (base/loader_setting.h). The program comes last: it may contain a ':'.
std::string Setting(const ProgramSpec& program, const std::string& options, const std::string& loader,
                    const std::string& own_program) {
  return absl::StrCat(options, ":", program.store_prefix, ":", InPack(""), ":", Module(program, ""), ":",
                      loader, ":", own_program);
}

void AddEnvironment(const ProgramSpec& program, const Start& start, const LoaderFacts& facts,
                    PlanText& plan) {
  for (string_view name : kLibcLists) plan.Add(Op::kMapEnv, name, program.store_prefix);
  // The directory built into ld.so's libc is a store path.
  std::string gconv = absl::StrCat(std::string(DirName(start.loader)), "/gconv");
  if (facts.Has(kHasGconv)) plan.Add(Op::kPrependEnv, "GCONV_PATH", InPack(gconv));
  if (facts.Has(kBindsNow)) plan.Add(Op::kSetEnv, "LD_BIND_NOW", "1");
  std::string setting = Setting(program, facts.options, InPack(start.loader), InPack(start.program));
  plan.Add(Op::kPrependEnv, "LD_AUDIT", Module(program, kAuditModule))
      .Add(Op::kPrependEnv, "LD_PRELOAD", kPreloadName)
      .Add(Op::kSetEnv, kLoaderVariable, setting);
}

void AddArguments(const Start& start, const LoaderFacts& facts, PlanText& plan) {
  if (facts.Has(kSetsArgv0)) plan.Add(Op::kArg, "--argv0").Add(Op::kArg, start.argv0);
  plan.Add(Op::kArg, InPack(start.program));
  for (const std::string& argument : start.args) plan.Add(Op::kArg, argument);
}

std::string Compile(const ProgramSpec& program, const Start& start, const LoaderFacts& facts) {
  PlanText plan(Engine::kFakechroot, program.digest);
  plan.Add(Op::kRequire, "/proc/self/environ", "mount /proc: the audit module reads its settings there")
      .Add(Op::kRequire, Module(program, kAuditModule), kNoModule)
      .Add(Op::kRequire, Module(program, kPreloadModule), kNoModule);
  AddEnvironment(program, start, facts, plan);
  AddArguments(start, facts, plan);
  plan.Add(Op::kCommit).Add(Op::kExec, InPack(start.loader));
  return plan.Finish();
}

// Compiles the plan for a script of the host's interpreter, which runs unchanged, with the preload module.
std::string CompileForHost(const ProgramSpec& program, const Start& start) {
  PlanText plan(Engine::kFakechroot, program.digest);
  plan.Add(Op::kRequire, Module(program, kPreloadModule), kNoModule)
      .Add(Op::kRequire, kHostLoader, kOtherEngine)
      .Add(Op::kPrependEnv, "LD_PRELOAD", Module(program, kPreloadModule))
      .Add(Op::kSetEnv, kLoaderVariable, Setting(program, "", "", ""));
  for (const std::string& argument : start.args) plan.Add(Op::kArg, argument);
  plan.Add(Op::kCommit).Add(Op::kExec, start.program);
  return plan.Finish();
}

}  // namespace

absl::StatusOr<std::string> CompileFakechroot(const ProgramSpec& program) {
  Start start = StartOf(program);
  if (program.kind == ProgramKind::kScript && !IsBelow(start.program, program.store_prefix)) {
    return CompileForHost(program, start);
  }
  if (std::string why = Obstacle(program, start); !why.empty()) return Refuse(program, why);
  StoreLocation store{program.store_prefix, program.store_directory};
  RELOC_ASSIGN_OR_RETURN(LoaderFacts facts, ReadLoaderFacts(HostPath(store, start.loader)));
  if (!facts.glibc) return Refuse(program, absl::StrCat("its loader ", start.loader, " is not glibc's"));
  return Compile(program, start, facts);
}

}  // namespace reloc
