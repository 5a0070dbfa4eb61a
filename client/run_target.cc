#include "client/run_target.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string_view>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "reloc/base/env.h"
#include "reloc/base/file.h"
#include "reloc/base/path.h"
#include "reloc/engine/compile.h"
#include "reloc/launch/launcher.h"
#include "reloc/launch/pack_files.h"
#include "reloc/pack/manifest.h"
#include "reloc/pack/program.h"
#include "reloc/pack/store.h"
#include "reloc/pack/text.h"

namespace reloc {
namespace {

constexpr std::string_view kKnownPrefixes[] = {"/gnu/store", "/nix/store"};

int Fail(RunTarget* target, int status, std::string error) {
  target->error = std::move(error);
  return status;
}

std::string FindInPath(std::string_view name, std::string_view path) {
  for (absl::string_view dir : absl::StrSplit(Text(path), ':')) {
    std::string candidate = absl::StrCat(dir.empty() ? "." : dir, "/", Text(name));
    if (::access(candidate.c_str(), X_OK) == 0) return candidate;
  }
  return "";
}

// `path` as an absolute path, its directory's symlinks followed where they can be: a profile's absolute links
// into the store lead nowhere on the host.
std::string Canonical(const std::string& path) {
  char resolved[PATH_MAX];
  if (::realpath(path.c_str(), resolved) != nullptr) return resolved;
  std::string dir(DirName(path));
  if (::realpath(dir.empty() ? "." : dir.c_str(), resolved) != nullptr) {
    return absl::StrCat(resolved, "/", Text(BaseName(path)));
  }
  if (path[0] == '/') return path;
  return ::getcwd(resolved, sizeof resolved) != nullptr ? absl::StrCat(resolved, "/", path) : path;
}

// Reads an entry's plans. False if `program` is no entry of a pack.
bool ReadEntry(const std::string& program, RunTarget* target) {
  string_view pack_dir, entry;
  if (!FindPack(program, &pack_dir, &entry)) return false;
  target->pack_dir = pack_dir;
  target->entry = BaseName(entry);
  target->plans.resize(kMaxPlanBytes);
  Result<size_t> size = ReadPlans(pack_dir, entry, {target->plans.data(), target->plans.size()});
  target->plans.resize(size.ok() ? *size : 0);
  return size.ok();
}

// The nearest directory above `program` with a store in it, and that store's prefix.
bool FindStore(std::string_view program, std::string* dir, std::string* prefix) {
  for (std::string_view d = DirName(program); !d.empty(); d = DirName(d)) {
    std::string_view base = d == "/" ? "" : d;
    for (std::string_view known : kKnownPrefixes) {
      if (!IsDirectory(absl::StrCat(Text(base), Text(known)).c_str())) continue;
      *dir = d;
      *prefix = known;
      return true;
    }
    if (d == "/") break;
  }
  return false;
}

// The pack around `program`, or else a plain directory with a store.
absl::Status FindPackedStore(const std::string& program, RunTarget* target, StoreLocation* store,
                             PackDigest* digest) {
  string_view pack_dir, entry;
  if (FindPack(program, &pack_dir, &entry)) {
    target->pack_dir = pack_dir;
    absl::StatusOr<pb::Manifest> manifest = LoadManifest(target->pack_dir);
    if (!manifest.ok()) return manifest.status();
    store->prefix = manifest->store_prefix();
    *digest = DigestOf(*manifest);
  } else if (!FindStore(program, &target->pack_dir, &store->prefix)) {
    return absl::NotFoundError(
        absl::StrCat(program, ": not in a pack, nor in a directory that holds gnu/store or nix/store"));
  }
  absl::StatusOr<StoreLocation> located = LocateStore(store->prefix, target->pack_dir + store->prefix);
  if (!located.ok()) return located.status();
  *store = *std::move(located);
  return absl::OkStatus();
}

int CompileNow(const std::string& program, RunTarget* target) {
  StoreLocation store;
  PackDigest digest{};
  absl::Status found = FindPackedStore(program, target, &store, &digest);
  if (!found.ok()) return Fail(target, kExitFailed, std::string(found.message()));
  absl::StatusOr<ProgramSpec> spec = ResolveProgram(store, program);
  if (!spec.ok()) {
    int status = absl::IsNotFound(spec.status())           ? kExitNotFound
                 : absl::IsPermissionDenied(spec.status()) ? kExitNotExecutable
                                                           : kExitFailed;
    return Fail(target, status, std::string(spec.status().message()));
  }
  spec->digest = digest;
  absl::StatusOr<std::string> plans = CompilePlans(*spec);
  if (!plans.ok()) return Fail(target, kExitFailed, std::string(plans.status().message()));
  target->entry = BaseName(program);
  target->plans = *std::move(plans);
  return 0;
}

}  // namespace

int FindRunTarget(const char* program, const char* const* envp, RunTarget* target) {
  std::string path = program;
  if (path.find('/') == std::string::npos) {
    path = FindInPath(path, EnvValue(envp, "PATH"));
    if (path.empty()) return Fail(target, kExitNotFound, absl::StrCat(program, ": not found in $PATH"));
  }
  struct stat st;
  if (::lstat(path.c_str(), &st) != 0) {
    return Fail(target, ExecExitStatus(errno), absl::StrCat(program, ": ", strerror(errno)));
  }
  std::string real = Canonical(path);
  if (ReadEntry(real, target)) {
    if (::access(real.c_str(), X_OK) == 0) return 0;
    return Fail(target, kExitNotExecutable, absl::StrCat(program, ": ", strerror(errno)));
  }
  return CompileNow(real, target);
}

}  // namespace reloc
