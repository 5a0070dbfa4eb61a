#include "reloc/pack/furnish.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "reloc/base/path.h"
#include "reloc/launch/pack_files.h"
#include "reloc/pack/contents.h"
#include "reloc/pack/copy.h"
#include "reloc/pack/files.h"
#include "reloc/pack/libraries.h"
#include "reloc/pack/library_index.h"
#include "reloc/pack/manifest.h"
#include "reloc/pack/manifest_check.h"
#include "reloc/pack/shim.h"
#include "reloc/pack/status.h"

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

// A hard link to the shim, or a copy where a link is refused: file systems without links, or at their limit
// (65,000 in ext4).
absl::Status LinkShim(const std::string& into, const std::string& name) {
  std::string shim = absl::StrCat(into, "/.reloc/shim"), entry = absl::StrCat(into, "/", name);
  if (link(shim.c_str(), entry.c_str()) == 0) return absl::OkStatus();
  if (errno == EEXIST) return SystemError(EEXIST, absl::StrCat("cannot create ", entry));
  return CopyFile(shim, entry, 0755);
}

// The plans of each entry also lie in a file, for `relocctl run` and for whoever looks into a pack.
absl::StatusOr<EntryPlans> WritePlans(const std::vector<PackEntry>& entries, const PackDigest& digest,
                                      const std::string& into, const PlanCompiler& compile_plans) {
  EntryPlans all;
  std::string plans_dir = absl::StrCat(into, "/", kPlansDir, "/bin");
  RELOC_RETURN_IF_ERROR(MakeDirectories(plans_dir));
  for (const PackEntry& entry : entries) {
    ProgramSpec spec = entry.spec;
    spec.digest = digest;
    RELOC_ASSIGN_OR_RETURN(std::string plans, compile_plans(spec));
    RELOC_RETURN_IF_ERROR(WriteNewFile(absl::StrCat(plans_dir, "/", entry.name), plans, 0644));
    all[absl::StrCat("bin/", entry.name)] = std::move(plans);
  }
  return all;
}

absl::Status MakeEntries(const std::string& shim, const EntryPlans& plans, const std::string& into) {
  RELOC_ASSIGN_OR_RETURN(std::string program, ReadWholeFile(shim, kMaxShimBytes));
  RELOC_RETURN_IF_ERROR(
      WriteNewFile(absl::StrCat(into, "/.reloc/shim"), WithPlans(std::move(program), plans), 0755));
  RELOC_RETURN_IF_ERROR(MakeDirectories(absl::StrCat(into, "/bin")));
  for (const auto& [entry, _] : plans) RELOC_RETURN_IF_ERROR(LinkShim(into, entry));
  return absl::OkStatus();
}

absl::Status WriteLibraryIndex(const StoreLocation& store, const std::vector<ClosureItem>& items,
                               const std::string& into) {
  const StoreLibraries libraries = FindLibraries(store, ObjectCandidates(store, items));
  return WriteNewFile(absl::StrCat(into, "/", kLibraryIndexPath),
                      EncodeLibraryIndex(store.prefix, libraries.objects), 0644);
}

// All files of `pack` that are in none of the items, and not below `into` if that is another directory.
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

absl::Status DescribeOwnFiles(const std::string& into, const std::string& pack, const StoreLocation& store,
                              pb::Contents* contents) {
  RELOC_ASSIGN_OR_RETURN(std::vector<TreeFile> outside, ListOutside(pack, into, store, *contents));
  FileList* out = contents->mutable_own_files();
  RELOC_RETURN_IF_ERROR(DescribeFiles(pack, outside, {}, out));
  if (into != pack) {
    RELOC_ASSIGN_OR_RETURN(std::vector<TreeFile> made, ListTree(into));
    made.erase(made.begin());  // `into` itself
    RELOC_RETURN_IF_ERROR(DescribeFiles(into, made, {}, out));
  }
  std::sort(out->begin(), out->end(),
            [](const pb::File& a, const pb::File& b) { return a.path() < b.path(); });
  return absl::OkStatus();
}

pb::Manifest MakeManifest(const StoreLocation& store, const std::vector<PackEntry>& entries,
                          const pb::Contents& contents) {
  pb::Manifest manifest;
  manifest.set_format_major(kFormatMajor);
  manifest.set_format_minor(kFormatMinor);
  manifest.set_store_prefix(store.prefix);
  for (const PackEntry& entry : entries) {
    pb::Entry* out = manifest.add_entries();
    out->set_name(entry.name);
    out->set_program(entry.program);
    out->set_resolved(entry.spec.program);
  }
  PackDigest digest = ComputeDigest(manifest, contents);
  manifest.set_digest(digest.data(), digest.size());
  return manifest;
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
  RELOC_ASSIGN_OR_RETURN(pb::Contents contents, DescribeItems(store.directory, items, tools.progress));
  pb::Manifest manifest = MakeManifest(store, entries, contents);
  RELOC_RETURN_IF_ERROR(CopyRuntime(tools.runtime, into));
  RELOC_ASSIGN_OR_RETURN(EntryPlans plans,
                         WritePlans(entries, DigestOf(manifest), into, tools.compile_plans));
  RELOC_RETURN_IF_ERROR(MakeEntries(tools.runtime.shim, plans, into));
  RELOC_RETURN_IF_ERROR(WriteLibraryIndex(store, items, into));
  RELOC_RETURN_IF_ERROR(DescribeOwnFiles(into, pack, store, &contents));
  // What cannot be read back must not be written: a store with a symlink that leaves the pack, for one.
  RELOC_RETURN_IF_ERROR(CheckManifest(manifest, "the manifest to be written"));
  RELOC_RETURN_IF_ERROR(CheckContents(contents, manifest, "the pack to be made"));
  RELOC_RETURN_IF_ERROR(SaveManifest(into, manifest, contents));
  return Summarize(manifest, contents);
}

}  // namespace reloc
