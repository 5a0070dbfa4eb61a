#include "reloc/pack/entries.h"

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <system_error>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "reloc/base/path.h"
#include "reloc/hosted/status.h"
#include "reloc/pack/manifest_check.h"
#include "reloc/pack/manifest_names.h"

namespace reloc {
namespace {

namespace fs = std::filesystem;

// Lists the names in the directory `path`, sorted; none if it is no directory. Hidden names are skipped:
// wrapped programs are moved to them (.sed-wrapped, .sed-real).
std::vector<std::string> VisibleNames(const std::string& path) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator entry(path, error), end; !error && entry != end; entry.increment(error)) {
    std::string name = entry->path().filename();
    if (!absl::StartsWith(name, ".")) names.push_back(std::move(name));
  }
  std::sort(names.begin(), names.end());
  return names;
}

class EntrySearch {
 public:
  EntrySearch(const StoreLocation& store, std::vector<std::string>* warnings)
      : store_(store), warnings_(*warnings) {}

  void AddProgramsOf(const std::string& path) {
    absl::StatusOr<std::string> real = ResolveInStore(store_, path);
    if (!real.ok()) return;
    std::error_code error;
    if (fs::is_regular_file(HostPath(store_, *real), error)) {
      AddOrWarn(std::string(BaseName(path)), path);
      return;
    }
    for (const char* directory : {"bin", "sbin"}) AddDirectory(absl::StrCat(path, "/", directory));
  }

  absl::Status Add(const EntrySpec& spec, const std::string& base) {
    if (!IsEntryName(spec.name)) {
      return absl::InvalidArgumentError(absl::StrCat("'", spec.name, "' is not a name for an entry"));
    }
    bool absolute = absl::StartsWith(spec.path, "/");
    RELOC_ASSIGN_OR_RETURN(PackEntry entry,
                           Resolve(spec.name, absolute ? spec.path : absl::StrCat(base, "/", spec.path)));
    entries_.insert_or_assign(spec.name, std::move(entry));
    return absl::OkStatus();
  }

  std::vector<PackEntry> Take() && {
    std::vector<PackEntry> sorted;
    for (auto& [name, entry] : entries_) sorted.push_back(std::move(entry));
    return sorted;
  }

 private:
  void AddDirectory(const std::string& path) {
    absl::StatusOr<std::string> real = ResolveInStore(store_, path);
    if (!real.ok()) return;  // there is no sbin
    std::string host_path = HostPath(store_, *real);
    std::error_code error;
    for (const std::string& name : VisibleNames(host_path)) {
      if (!fs::is_directory(fs::symlink_status(absl::StrCat(host_path, "/", name), error))) {
        AddOrWarn(name, absl::StrCat(path, "/", name));
      }
    }
  }

  void AddOrWarn(const std::string& name, const std::string& path) {
    if (entries_.contains(name)) return;
    absl::StatusOr<PackEntry> entry = Resolve(name, path);
    if (!IsEntryName(name)) entry = absl::InvalidArgumentError(absl::StrCat(path, " has an unusable name"));
    if (entry.ok()) {
      entries_.emplace(name, *std::move(entry));
    } else {
      warnings_.push_back(absl::StrCat("no entry ", name, ": ", entry.status().message()));
    }
  }

  absl::StatusOr<PackEntry> Resolve(const std::string& name, const std::string& path) {
    RELOC_ASSIGN_OR_RETURN(ProgramSpec spec, ResolveProgram(store_, path));
    // A program that is not in the store by its own path (a bin/ beside it) is in the manifest by the path it
    // leads to.
    std::string program = StorePath(store_, path);
    if (!IsCleanAbsolute(program) || ItemOf(store_, program).empty()) program = spec.program;
    if (!IsPlainText(program) || !IsPlainText(spec.program)) {
      return absl::InvalidArgumentError(
          absl::StrCat(path, " has characters that the path of an entry cannot have"));
    }
    return PackEntry{name, std::move(program), std::move(spec)};
  }

  const StoreLocation& store_;
  std::vector<std::string>& warnings_;
  std::map<std::string, PackEntry> entries_;
};

}  // namespace

absl::StatusOr<std::vector<PackEntry>> FindEntries(const StoreLocation& store,
                                                   const std::vector<std::string>& paths,
                                                   const std::vector<EntrySpec>& specs,
                                                   std::vector<std::string>* warnings) {
  EntrySearch search(store, warnings);
  for (const std::string& path : paths) search.AddProgramsOf(path);
  std::string base = paths.empty() ? store.prefix : paths.front();
  for (const EntrySpec& spec : specs) RELOC_RETURN_IF_ERROR(search.Add(spec, base));
  return std::move(search).Take();
}

}  // namespace reloc
