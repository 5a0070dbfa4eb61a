#include "reloc/pack/verify.h"

#include <algorithm>
#include <map>
#include <mutex>

#include "absl/strings/str_cat.h"
#include "reloc/hosted/files.h"
#include "reloc/hosted/hash.h"
#include "reloc/hosted/parallel.h"
#include "reloc/hosted/status.h"
#include "reloc/hosted/tree.h"
#include "reloc/pack/contents.h"
#include "reloc/pack/manifest.h"
#include "reloc/pack/manifest_names.h"
#include "reloc/pack/plan_digests.h"

namespace reloc {
namespace {

// For a shim with the plans of all entries, far above any real one.
constexpr size_t kMaxPlanFile = 256 << 20;

using Expected = std::map<std::string, const pb::File*>;  // by path in the pack

void Expect(const FileList& files, const std::string& top, Expected* expected) {
  for (const pb::File& file : files) {
    absl::StatusOr<std::string> path = UnescapeName(file.path());  // valid: CheckContents has checked it
    expected->emplace(top.empty() ? *path : JoinPath(top, *path), &file);
  }
}

// Expects the store's own directory, and those above it.
void ExpectStore(const std::string& prefix, Expected* expected) {
  static const pb::File* const kDirectory = [] {
    auto* file = new pb::File;
    file->set_type(pb::File::DIRECTORY);
    return file;
  }();
  for (std::string path = prefix.substr(1); !path.empty();) {
    expected->emplace(path, kDirectory);
    size_t slash = path.rfind('/');
    path.resize(slash == path.npos ? 0 : slash);
  }
}

pb::File::Type TypeInManifest(FileType type) {
  switch (type) {
    case FileType::kRegular:
      return pb::File::REGULAR;
    case FileType::kDirectory:
      return pb::File::DIRECTORY;
    case FileType::kSymlink:
      return pb::File::SYMLINK;
  }
  return pb::File::REGULAR;
}

absl::StatusOr<bool> HasContent(const std::string& host_path, const pb::File& expected,
                                const PackDigest& digest, ProgressMeter* meter) {
  if (expected.holds_digest()) {
    RELOC_ASSIGN_OR_RETURN(std::string bytes, ReadWholeFile(host_path, kMaxPlanFile));
    RELOC_RETURN_IF_ERROR(meter->Add(bytes.size()));
    return HoldsDigest(std::move(bytes), digest, expected.sha256());
  }
  RELOC_ASSIGN_OR_RETURN(Sha256Digest hash, HashFile(host_path, meter));
  return std::equal(hash.begin(), hash.end(),
                    reinterpret_cast<const unsigned char*>(expected.sha256().data()));
}

// Describes how a file of the pack with `digest` differs; empty if it does not.
absl::StatusOr<std::string> Compare(const std::string& host_path, const TreeFile& actual,
                                    const pb::File& expected, const PackDigest& digest,
                                    ProgressMeter* meter) {
  if (TypeInManifest(actual.type) != expected.type()) return absl::StrCat("is a ", FileTypeName(actual.type));
  if (actual.type == FileType::kDirectory) return "";
  if (actual.type == FileType::kSymlink) {
    RELOC_ASSIGN_OR_RETURN(std::string target, ReadSymlink(host_path));
    return EscapeName(target) == expected.target() ? "" : absl::StrCat("leads to ", target);
  }
  if (actual.size != expected.size())
    return absl::StrCat("has ", actual.size, " bytes, not ", expected.size());
  if (actual.executable() != expected.executable())
    return actual.executable() ? "is executable" : "is not executable";
  RELOC_ASSIGN_OR_RETURN(bool same, HasContent(host_path, expected, digest, meter));
  return same ? "" : "has other content";
}

bool IsManifest(const std::string& path) { return path == kManifestPath || path == kContentsPath; }

}  // namespace

absl::StatusOr<std::vector<Difference>> VerifyPack(const std::string& pack,
                                                   const ProgressCallback& progress) {
  // Without the pack's own list, no file can be compared.
  absl::StatusOr<pb::Manifest> manifest = LoadManifest(pack);
  if (absl::IsDataLoss(manifest.status())) return std::vector<Difference>{{kManifestPath, "was changed"}};
  if (!manifest.ok()) return manifest.status();
  absl::StatusOr<pb::Contents> contents = LoadContents(pack, *manifest);
  if (absl::IsDataLoss(contents.status())) {
    return std::vector<Difference>{{kContentsPath, absl::StrCat("does not belong to ", kManifestPath)}};
  }
  if (!contents.ok()) return contents.status();
  return VerifyFiles(pack, *manifest, *contents, progress);
}

absl::StatusOr<std::vector<Difference>> VerifyFiles(const std::string& pack, const pb::Manifest& manifest,
                                                    const pb::Contents& contents,
                                                    const ProgressCallback& progress) {
  const PackDigest digest = DigestOf(manifest);
  Expected expected;
  Expect(contents.own_files(), "", &expected);
  ExpectStore(manifest.store_prefix(), &expected);
  for (const pb::Item& item : contents.items()) {
    Expect(item.files(), absl::StrCat(manifest.store_prefix().substr(1), "/", item.name()), &expected);
  }

  RELOC_ASSIGN_OR_RETURN(std::vector<TreeFile> actual, ListTree(absl::StrCat(pack, "/.")));
  ProgressMeter meter(progress, "verifying", TotalSize(actual));
  std::mutex mutex;
  std::vector<Difference> differences;
  auto add = [&](std::string path, std::string what) {
    std::lock_guard lock(mutex);
    differences.push_back({std::move(path), std::move(what)});
  };
  RELOC_RETURN_IF_ERROR(ParallelFor(actual.size(), [&](size_t i) -> absl::Status {
    const TreeFile& file = actual[i];
    if (file.path.empty() || IsManifest(file.path)) return absl::OkStatus();
    auto entry = expected.find(file.path);
    if (entry == expected.end()) {
      add(file.path, "is not in the manifest");
      return absl::OkStatus();
    }
    RELOC_ASSIGN_OR_RETURN(std::string what,
                           Compare(JoinPath(pack, file.path), file, *entry->second, digest, &meter));
    if (!what.empty()) add(file.path, std::move(what));
    return absl::OkStatus();
  }));
  for (const TreeFile& file : actual) expected.erase(file.path);
  for (const auto& [path, file] : expected) add(path, "is missing");
  std::sort(differences.begin(), differences.end(),
            [](const Difference& a, const Difference& b) { return a.path < b.path; });
  return differences;
}

}  // namespace reloc
