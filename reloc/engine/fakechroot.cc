// How libfakechroot is used, and not as its manual has it: FAKECHROOT_BASE is the pack itself, and everything
// of the host is named in FAKECHROOT_EXCLUDE_PATH, so that only paths below the store prefix are mapped. The
// usual way is a root made of symlinks to all of "/", which must be written somewhere, shared, and kept from
// cleaners.
//
// The base ends in "/." because libfakechroot takes the base off every path that getcwd(3) and others return:
// in a working directory inside the pack, <pack>/bin would become /bin, which exists as well. No path that
// the kernel returns begins with "<pack>/.".
#include "reloc/engine/fakechroot.h"

#include "absl/strings/str_cat.h"
#include "reloc/base/path.h"
#include "reloc/engine/loader_facts.h"
#include "reloc/engine/plan_text.h"
#include "reloc/pack/status.h"
#include "reloc/pack/store.h"

namespace reloc {
namespace {

// libfakechroot's EXCLUDE_LIST_SIZE is 100; "/" itself takes one.
constexpr char kMostHostEntries[] = "99";

// Lists of directories and files that libc opens by itself, where libfakechroot does not see it.
constexpr const char* kLibcLists[] = {"GCONV_PATH",     "GUIX_LOCPATH",        "LD_LIBRARY_PATH",
                                      "LOCALE_ARCHIVE", "LOCALE_ARCHIVE_2_27", "LOCPATH",
                                      "TZDIR"};

constexpr char kOtherEngine[] = "use the engine userns";

// What ld.so is to start.
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

// Why ld.so cannot start the program at all; empty if it can.
std::string Obstacle(const ProgramSpec& program, const Start& start) {
  if (program.kind == ProgramKind::kStatic) return "the program is static: no loader starts it";
  if (!IsBelow(start.program, program.store_prefix)) {
    return absl::StrCat("its interpreter ", start.program, " is the host's, which does not see the store");
  }
  if (start.loader.empty()) {
    return absl::StrCat("its interpreter ", start.program, " is static or a script: no loader starts it");
  }
  if (!IsBelow(start.loader, program.store_prefix)) {
    return absl::StrCat("its loader ", start.loader, " is the host's, which does not see the store");
  }
  return "";
}

std::string Shortcoming(const Start& start, const LoaderFacts& facts) {
  if (!facts.glibc) return absl::StrCat("its loader ", start.loader, " is not glibc's");
  if (!facts.runs_preload) {
    return absl::StrCat("its libc is older than ", RELOC_FAKECHROOT_NEEDS, ", which libfakechroot needs");
  }
  return "";
}

void AddEnvironment(const ProgramSpec& program, const Start& start, const LoaderFacts& facts,
                    PlanText& plan) {
  for (const char* name : kLibcLists) plan.Add(Op::kMapEnv, name, program.store_prefix);
  // Its built-in directory is a store path.
  std::string gconv = absl::StrCat(std::string(DirName(start.loader)), "/gconv");
  if (facts.has_gconv) plan.Add(Op::kPrependEnv, "GCONV_PATH", InPack(gconv));
  if (!facts.audits_lazily) plan.Add(Op::kSetEnv, "LD_BIND_NOW", "1");
  plan.Add(Op::kPrependEnv, "LD_AUDIT", InPack("/.reloc/lib/audit.so"))
      .Add(Op::kPrependEnv, "LD_PRELOAD", "libfakechroot.so")  // the audit module knows where it is
      .Add(Op::kSetEnv, "RELOC_STORE_PREFIX", program.store_prefix)
      .Add(Op::kSetEnv, "FAKECHROOT_BASE", InPack("/."))
      .Add(Op::kSetEnv, "FAKECHROOT_EXCLUDE_PATH", std::string({'/', kHostEntries}))
      // For children. Not with FAKECHROOT_ELFLOADER_OPT_ARGV0, with which libfakechroot 2.20 drops the
      // arguments of scripts; so that children find their path in argv[0], and not what was given.
      .Add(Op::kSetEnv, "FAKECHROOT_ELFLOADER", InPack(start.loader));
}

void AddArguments(const Start& start, const LoaderFacts& facts, PlanText& plan) {
  if (facts.sets_argv0) plan.Add(Op::kArg, "--argv0").Add(Op::kArg, start.argv0);
  plan.Add(Op::kArg, InPack(start.program));
  for (const std::string& argument : start.args) plan.Add(Op::kArg, argument);
}

std::string Compile(const ProgramSpec& program, const Start& start, const LoaderFacts& facts) {
  constexpr char kCure[] = "relocctl pack adopt furnishes a directory with it";
  PlanText plan(Engine::kFakechroot, program.digest);
  plan.Add(Op::kRequire, InPack("/.reloc/lib/audit.so"), kCure)
      .Add(Op::kRequire, InPack("/.reloc/lib/libfakechroot.so"), kCure)
      .Add(Op::kListHost, program.store_prefix, kMostHostEntries);
  AddEnvironment(program, start, facts, plan);
  AddArguments(start, facts, plan);
  plan.Add(Op::kCommit).Add(Op::kExec, InPack(start.loader));
  return plan.Finish();
}

}  // namespace

absl::StatusOr<std::string> CompileFakechroot(const ProgramSpec& program) {
  Start start = StartOf(program);
  if (std::string why = Obstacle(program, start); !why.empty()) return Refuse(program, why);
  StoreLocation store{program.store_prefix, program.store_directory};
  RELOC_ASSIGN_OR_RETURN(LoaderFacts facts,
                         ReadLoaderFacts(HostPath(store, start.loader), RELOC_FAKECHROOT_NEEDS));
  if (std::string why = Shortcoming(start, facts); !why.empty()) return Refuse(program, why);
  return Compile(program, start, facts);
}

}  // namespace reloc
