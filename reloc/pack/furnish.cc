#include "reloc/pack/furnish.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "reloc/base/path.h"
#include "reloc/hosted/files.h"
#include "reloc/hosted/status.h"
#include "reloc/launch/pack_files.h"
#include "reloc/pack/contents.h"
#include "reloc/pack/copy.h"
#include "reloc/pack/libraries.h"
#include "reloc/pack/library_index.h"
#include "reloc/pack/manifest.h"
#include "reloc/pack/manifest_check.h"
#include "reloc/pack/manifest_names.h"
#include "reloc/pack/plan_digests.h"
#include "reloc/pack/shim.h"

namespace reloc {
namespace {

constexpr size_t kMaxShimBytes = 1 << 20;

absl::Status CopyRuntime(const PackRuntime& runtime, const std::string& into) {
  RELOC_RETURN_IF_ERROR(MakeDirectories(absl::StrCat(into, "/.reloc/lib")));
  for (const std::string& library : runtime.libraries) {
    std::string to = absl::StrCat(into, "/.reloc/lib/", std::string(BaseName(library)));
    RELOC_RETURN_IF_ERROR(CopyFile(library, to, 0755));
  }
  return absl::OkStatus();
}

// Makes a hard link to the shim, or a copy if a link is refused: file systems without links, or at their
// limit (65,000 in ext4).
absl::Status LinkShim(const std::string& into, const std::string& name) {
  std::string shim = absl::StrCat(into, "/", kShimPath), entry = absl::StrCat(into, "/", name);
  if (link(shim.c_str(), entry.c_str()) == 0) return absl::OkStatus();
  if (errno == EEXIST) return SystemError(EEXIST, absl::StrCat("cannot create ", entry));
  return CopyFile(shim, entry, 0755);
}

// The files with plans, and so with the pack's digest. They are made before that is known.
struct PlanFiles {
  EntryPlans plans;
  std::string shim;
};

// Compiles the plans of all entries, with a placeholder for the pack's digest.
absl::StatusOr<PlanFiles> CompilePlanFiles(const std::vector<PackEntry>& entries, const PackTools& tools) {
  PlanFiles files;
  for (const PackEntry& entry : entries) {
    ProgramSpec spec = entry.spec;
    spec.digest.fill(0xff);
    RELOC_ASSIGN_OR_RETURN(files.plans[absl::StrCat("bin/", entry.name)], tools.compile_plans(spec));
  }
  RELOC_ASSIGN_OR_RETURN(std::string shim, ReadWholeFile(tools.runtime.shim, kMaxShimBytes));
  files.shim = WithPlans(std::move(shim), files.plans);
  return files;
}

void DescribePlanFile(const std::string& path, const std::string& bytes, bool executable, FileList* out) {
  pb::File* file = out->Add();
  file->set_path(EscapeName(path));
  file->set_executable(executable);
  file->set_size(bytes.size());
  const Sha256Digest hash = HashWithoutDigest(bytes);
  file->set_sha256(hash.data(), hash.size());
  file->set_holds_digest(true);
}

// Lists what WritePlanFiles will write. All entries are the same file as the shim.
void DescribePlanFiles(const PlanFiles& files, FileList* out) {
  DescribePlanFile(kShimPath, files.shim, true, out);
  const pb::File shim = *out->rbegin();
  for (const auto& [entry, plans] : files.plans) {
    DescribePlanFile(absl::StrCat(kPlansDir, "/", entry), plans, false, out);
    *out->Add() = shim;
    out->rbegin()->set_path(EscapeName(entry));
  }
}

absl::Status MakePlanDirectories(const std::string& into) {
  RELOC_RETURN_IF_ERROR(MakeDirectories(absl::StrCat(into, "/", kPlansDir, "/bin")));
  return MakeDirectories(absl::StrCat(into, "/bin"));
}

// Writes the shim and the plans. Those of each entry are also in a file, for `relocctl run` and for people
// who look into a pack.
absl::Status WritePlanFiles(PlanFiles files, const PackDigest& digest, const std::string& into) {
  StampDigest(digest, &files.shim);
  RELOC_RETURN_IF_ERROR(WriteNewFile(absl::StrCat(into, "/", kShimPath), files.shim, 0755));
  for (auto& [entry, plans] : files.plans) {
    StampDigest(digest, &plans);
    RELOC_RETURN_IF_ERROR(WriteNewFile(absl::StrCat(into, "/", kPlansDir, "/", entry), plans, 0644));
    RELOC_RETURN_IF_ERROR(LinkShim(into, entry));
  }
  return absl::OkStatus();
}

absl::Status WriteLibraryIndex(const StoreLocation& store, const std::vector<ClosureItem>& items,
                               const std::string& into) {
  const StoreLibraries libraries = FindLibraries(store, ObjectCandidates(store, items));
  return WriteNewFile(absl::StrCat(into, "/", kLibraryIndexPath),
                      EncodeLibraryIndex(store.prefix, libraries.objects), 0644);
}

// Lists all files of `pack` that are in none of the items, and not below `into` if that is another directory.
absl::StatusOr<std::vector<TreeFile>> ListOutside(const std::string& pack, const std::string& into,
                                                  const StoreLocation& store, const pb::Contents& contents) {
  std::string store_below = store.prefix.substr(1);
  auto is_item = [&](const std::string& path) {
    if (!IsBelow(path, store_below) || path.size() == store_below.size()) return false;
    std::string_view below = std::string_view(path).substr(store_below.size() + 1);
    std::string_view name = below.substr(0, below.find('/'));
    auto item = std::lower_bound(contents.items().begin(), contents.items().end(), name,
                                 [](const pb::Item& a, std::string_view b) { return a.name() < b; });
    return item != contents.items().end() && item->name() == name;
  };
  RELOC_ASSIGN_OR_RETURN(std::vector<TreeFile> files, ListTree(pack));
  std::erase_if(files, [&](const TreeFile& file) {
    return file.path.empty() || is_item(file.path) ||
           (into != pack && (IsBelow(absl::StrCat(pack, "/", file.path), into) || IsBelow(file.path, "bin")));
  });
  return files;
}

// Lists the files that exist already, and `plan_files`.
absl::Status DescribeOwnFiles(const std::string& into, const std::string& pack, const StoreLocation& store,
                              const PlanFiles& plan_files, pb::Contents* contents) {
  RELOC_ASSIGN_OR_RETURN(std::vector<TreeFile> outside, ListOutside(pack, into, store, *contents));
  FileList* out = contents->mutable_own_files();
  RELOC_RETURN_IF_ERROR(DescribeFiles(pack, outside, {}, out));
  if (into != pack) {
    RELOC_ASSIGN_OR_RETURN(std::vector<TreeFile> made, ListTree(into));
    made.erase(made.begin());  // `into` itself
    RELOC_RETURN_IF_ERROR(DescribeFiles(into, made, {}, out));
  }
  DescribePlanFiles(plan_files, out);
  std::sort(out->begin(), out->end(),
            [](const pb::File& a, const pb::File& b) { return a.path() < b.path(); });
  return absl::OkStatus();
}

pb::Manifest MakeManifest(const StoreLocation& store, const std::vector<PackEntry>& entries) {
  pb::Manifest manifest;
  manifest.set_format_major(kFormatMajor);
  manifest.set_store_prefix(store.prefix);
  for (const PackEntry& entry : entries) {
    pb::Entry* out = manifest.add_entries();
    out->set_name(entry.name);
    out->set_program(entry.program);
    out->set_resolved(entry.spec.program);
  }
  return manifest;
}

// Checks that the lists can be read back: that would fail, for example, for a store with a symlink that
// leaves the pack.
absl::Status CheckLists(const PackLists& lists) {
  RELOC_RETURN_IF_ERROR(CheckManifest(lists.manifest, "the manifest to be written"));
  return CheckContents(lists.contents, lists.manifest, "the pack to be made");
}

PackSummary Summarize(const pb::Manifest& manifest, const pb::Contents& contents) {
  PackSummary summary;
  summary.items = static_cast<size_t>(contents.items_size());
  summary.entries = static_cast<size_t>(manifest.entries_size());
  for (const pb::Item& item : contents.items()) {
    for (const pb::File& file : item.files()) summary.bytes += file.size();
  }
  return summary;
}

}  // namespace

absl::StatusOr<PackSummary> FurnishPack(const std::string& into, const std::string& pack,
                                        const StoreLocation& store, const std::vector<ClosureItem>& items,
                                        std::vector<PackEntry> entries, const PackTools& tools) {
  if (entries.empty()) {
    return absl::InvalidArgumentError("found no program for an entry: name one with --entry NAME=PATH");
  }
  PackLists lists{.manifest = MakeManifest(store, entries), .contents = {}};
  RELOC_ASSIGN_OR_RETURN(lists.contents, DescribeItems(store.directory, items, tools.progress));
  RELOC_ASSIGN_OR_RETURN(PlanFiles plan_files, CompilePlanFiles(entries, tools));
  RELOC_RETURN_IF_ERROR(CopyRuntime(tools.runtime, into));
  RELOC_RETURN_IF_ERROR(MakePlanDirectories(into));
  RELOC_RETURN_IF_ERROR(WriteLibraryIndex(store, items, into));
  RELOC_RETURN_IF_ERROR(DescribeOwnFiles(into, pack, store, plan_files, &lists.contents));
  RELOC_RETURN_IF_ERROR(SealLists(&lists));
  RELOC_RETURN_IF_ERROR(CheckLists(lists));
  RELOC_RETURN_IF_ERROR(WritePlanFiles(std::move(plan_files), DigestOf(lists.manifest), into));
  RELOC_RETURN_IF_ERROR(SaveLists(into, lists));
  return Summarize(lists.manifest, lists.contents);
}

}  // namespace reloc
