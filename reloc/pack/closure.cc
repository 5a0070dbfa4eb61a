// Breadth first, one level of the reference graph after the other; the files of a whole level are scanned in
// parallel. A work queue would keep all threads busy across levels, but all levels except the last few are
// wide, and the loop needs no locks.
#include "reloc/pack/closure.h"

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "reloc/base/path.h"
#include "reloc/hosted/files.h"
#include "reloc/hosted/parallel.h"
#include "reloc/hosted/status.h"
#include "reloc/pack/references.h"

namespace reloc {
namespace {

class ClosureSearch {
 public:
  ClosureSearch(const StoreLocation& store, std::vector<std::string> items, const ProgressCallback& progress)
      : store_(store), finder_(store.prefix, std::move(items)), meter_(progress, "scanning") {}

  absl::StatusOr<Closure> Run(const std::vector<std::string>& roots) {
    std::vector<std::string> level;
    for (const std::string& root : roots) {
      if (seen_.insert(root).second) level.push_back(root);
    }
    while (!level.empty()) {
      RELOC_ASSIGN_OR_RETURN(level, ScanLevel(level));
    }
    std::sort(closure_.items.begin(), closure_.items.end(),
              [](const ClosureItem& a, const ClosureItem& b) { return a.name < b.name; });
    return std::move(closure_);
  }

 private:
  struct Job {
    size_t item;  // index into the level
    size_t file;  // index into its files
    References found;
  };

  // Scans the items of `level`, adds them to the closure and returns the items that were not needed before.
  absl::StatusOr<std::vector<std::string>> ScanLevel(const std::vector<std::string>& level) {
    std::vector<ClosureItem> items(level.size());
    RELOC_RETURN_IF_ERROR(ParallelFor(level.size(), [&](size_t i) -> absl::Status {
      items[i].name = level[i];
      RELOC_ASSIGN_OR_RETURN(items[i].files, ListTree(ItemPath(level[i])));
      return absl::OkStatus();
    }));
    std::vector<Job> jobs;
    for (size_t i = 0; i < items.size(); ++i) {
      for (size_t f = 0; f < items[i].files.size(); ++f) jobs.push_back({i, f, {}});
    }
    RELOC_RETURN_IF_ERROR(ParallelFor(jobs.size(), [&](size_t j) {
      const ClosureItem& item = items[jobs[j].item];
      return ScanFile(item.name, item.files[jobs[j].file], &jobs[j].found);
    }));
    return Merge(std::move(items), jobs);
  }

  absl::Status ScanFile(const std::string& item, const TreeFile& file, References* found) {
    finder_.Find(BaseName(file.path), found);  // names count too, as in Nix
    std::string path = JoinPath(ItemPath(item), file.path);
    if (file.type == FileType::kDirectory) return absl::OkStatus();
    if (file.type == FileType::kRegular) return finder_.FindInFile(path, &meter_, found);
    RELOC_ASSIGN_OR_RETURN(std::string target, ReadSymlink(path));
    finder_.Find(target, found);
    return absl::OkStatus();
  }

  std::vector<std::string> Merge(std::vector<ClosureItem> items, const std::vector<Job>& jobs) {
    std::vector<std::string> next;
    for (const Job& job : jobs) {
      ClosureItem& item = items[job.item];
      for (uint32_t reference : job.found.items) {
        const std::string& name = finder_.items()[reference];
        if (name != item.name) item.references.push_back(name);
        if (seen_.insert(name).second) next.push_back(name);
      }
      for (const auto& [hash, missing] : job.found.missing) {
        std::string referrer =
            JoinPath(absl::StrCat(store_.prefix, "/", item.name), item.files[job.file].path);
        closure_.missing.push_back({std::move(referrer), missing});
      }
    }
    for (ClosureItem& item : items) {
      auto& names = item.references;
      std::sort(names.begin(), names.end());
      names.erase(std::unique(names.begin(), names.end()), names.end());
      closure_.items.push_back(std::move(item));
    }
    return next;
  }

  std::string ItemPath(const std::string& name) const { return absl::StrCat(store_.directory, "/", name); }

  const StoreLocation& store_;
  const ReferenceFinder finder_;
  ProgressMeter meter_;
  Closure closure_;
  absl::flat_hash_set<std::string> seen_;
};

}  // namespace

absl::StatusOr<std::vector<std::string>> ListItems(const StoreLocation& store) {
  std::error_code error;
  std::vector<std::string> names;
  for (std::filesystem::directory_iterator entry(store.directory, error), end; !error && entry != end;
       entry.increment(error)) {
    std::string name = entry->path().filename();
    if (IsItemName(name)) names.push_back(std::move(name));
  }
  if (error) return SystemError(error.value(), absl::StrCat("cannot read the store ", store.directory));
  std::sort(names.begin(), names.end());
  return names;
}

absl::StatusOr<Closure> FindClosure(const StoreLocation& store, const std::vector<std::string>& roots,
                                    const ProgressCallback& progress) {
  RELOC_ASSIGN_OR_RETURN(std::vector<std::string> items, ListItems(store));
  for (const std::string& root : roots) {
    if (!std::binary_search(items.begin(), items.end(), root)) {
      return absl::NotFoundError(absl::StrCat("there is no item ", root, " in ", store.directory));
    }
  }
  return ClosureSearch(store, std::move(items), progress).Run(roots);
}

absl::Status RequireComplete(const StoreLocation& store, const std::vector<MissingItem>& missing) {
  if (missing.empty()) return absl::OkStatus();
  std::string more = missing.size() > 1 ? absl::StrCat(" (and ", missing.size() - 1, " more)") : "";
  return absl::NotFoundError(absl::StrCat(missing[0].referrer, " refers to ", store.prefix, "/",
                                          missing[0].name, ", which is not in ", store.directory, more));
}

}  // namespace reloc
