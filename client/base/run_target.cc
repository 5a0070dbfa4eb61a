#include "client/base/run_target.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <filesystem>
#include <string_view>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "client/base/installation.h"
#include "reloc/base/env.h"
#include "reloc/base/file.h"
#include "reloc/base/path.h"
#include "reloc/engine/compile.h"
#include "reloc/hosted/files.h"
#include "reloc/hosted/status.h"
#include "reloc/hosted/text.h"
#include "reloc/launch/launcher.h"
#include "reloc/launch/pack_files.h"
#include "reloc/pack/manifest.h"
#include "reloc/pack/program.h"
#include "reloc/pack/store.h"

namespace reloc {
namespace {

int Fail(RunTarget* target, int status, std::string error) {
  target->error = std::move(error);
  return status;
}

// Errors of the program itself have the exit status that a shell uses.
int Fail(RunTarget* target, const absl::Status& error) {
  int status = absl::IsNotFound(error)           ? kExitNotFound
               : absl::IsPermissionDenied(error) ? kExitNotExecutable
                                                 : kExitFailed;
  return Fail(target, status, std::string(error.message()));
}

// Resolves `path`; see ResolveProgramPath.
absl::StatusOr<std::string> Resolve(const std::string& path) {
  std::error_code error;
  std::string absolute = std::filesystem::absolute(path, error);
  if (error) return SystemError(error.value(), absl::StrCat("cannot find the working directory for ", path));
  return ResolveProgramPath(absolute);
}

absl::StatusOr<std::string> FindInPath(const std::string& name, std::string_view search_path) {
  for (absl::string_view dir : absl::StrSplit(Text(search_path), ':')) {
    absl::StatusOr<std::string> real = Resolve(absl::StrCat(dir.empty() ? "." : dir, "/", name));
    if (real.ok() && ::access(real->c_str(), X_OK) == 0) return real;
  }
  return absl::NotFoundError(absl::StrCat(name, ": not found in $PATH"));
}

// Returns the real path of `program`, as the user named it.
absl::StatusOr<std::string> Find(const std::string& program, const char* const* envp) {
  if (program.find('/') != program.npos) return Resolve(program);
  return FindInPath(program, EnvValue(envp, "PATH"));
}

// Reads an entry's plans. Returns false if `program` is no entry of a pack.
bool TakeEntry(const std::string& program, RunTarget* target) {
  string_view pack_dir, entry;
  target->plans.resize(kMaxPlanBytes);
  Result<size_t> size = ReadEntry(program, {target->plans.data(), target->plans.size()}, &pack_dir, &entry);
  target->plans.resize(size.ok() ? *size : 0);
  target->pack_dir = pack_dir;
  target->entry = BaseName(entry);
  return size.ok();
}

// Finds the pack around `program`, or a plain directory with a store.
absl::Status FindPackedStore(const std::string& program, RunTarget* target, StoreLocation* store,
                             PackDigest* digest) {
  string_view pack_dir, entry;
  if (FindPack(program, &pack_dir, &entry)) {
    target->pack_dir = pack_dir;
    absl::StatusOr<pb::Manifest> manifest = LoadManifest(target->pack_dir);
    if (!manifest.ok()) return manifest.status();
    store->prefix = manifest->store_prefix();
    *digest = DigestOf(*manifest);
  } else if (!FindStoreAround(program, &target->pack_dir, &store->prefix)) {
    return absl::NotFoundError(
        absl::StrCat(program, ": not in a pack, nor in a directory that holds gnu/store or nix/store"));
  }
  absl::StatusOr<StoreLocation> located = LocateStore(store->prefix, target->pack_dir + store->prefix);
  if (!located.ok()) return located.status();
  *store = *std::move(located);
  return absl::OkStatus();
}

// Uses relocd's own modules for a tree that is no pack.
absl::Status ChooseModules(const std::string& pack_dir, ProgramSpec* spec) {
  if (IsDirectory((pack_dir + "/.reloc").c_str())) return absl::OkStatus();
  RELOC_ASSIGN_OR_RETURN(spec->modules, FindModules());
  return absl::OkStatus();
}

int Compile(const std::string& program, RunTarget* target) {
  StoreLocation store;
  PackDigest digest{};
  absl::Status found = FindPackedStore(program, target, &store, &digest);
  if (!found.ok()) return Fail(target, kExitFailed, std::string(found.message()));
  absl::StatusOr<ProgramSpec> spec = ResolveProgram(store, program);
  if (!spec.ok()) return Fail(target, spec.status());
  spec->digest = digest;
  if (absl::Status chosen = ChooseModules(target->pack_dir, &*spec); !chosen.ok()) {
    return Fail(target, kExitFailed, std::string(chosen.message()));
  }
  absl::StatusOr<std::string> plans = CompilePlans(*spec);
  if (!plans.ok()) return Fail(target, kExitFailed, std::string(plans.status().message()));
  target->entry = BaseName(program);
  target->plans = *std::move(plans);
  return 0;
}

}  // namespace

bool FindEntry(const std::string& program, const char* const* envp, RunTarget* target) {
  absl::StatusOr<std::string> real = Find(program, envp);
  return real.ok() && TakeEntry(*real, target) && ::access(real->c_str(), X_OK) == 0;
}

int CompileTarget(const std::string& program, const char* const* envp, RunTarget* target) {
  absl::StatusOr<std::string> real = Find(program, envp);
  if (!real.ok()) return Fail(target, real.status());
  if (!TakeEntry(*real, target)) return Compile(*real, target);
  return Fail(target, kExitNotExecutable, absl::StrCat(program, ": ", strerror(EACCES)));
}

}  // namespace reloc
