// The index is a line "<SHA-256 of the list of files> <name>" for each item. contents.json says the same, but
// takes a second to parse where it has 100,000 files.
#include "reloc/mirror/item_index.h"

#include <stdint.h>

#include <array>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "reloc/hosted/files.h"
#include "reloc/hosted/hash.h"
#include "reloc/hosted/status.h"
#include "reloc/mirror/layout.h"

namespace reloc {
namespace {

constexpr size_t kMaxIndex = 64 << 20;

void AddField(absl::string_view field, Sha256* hash) {
  hash->Update(absl::StrCat(field.size(), ":"));
  hash->Update({field.data(), field.size()});
}

// "<hash> <name>"
std::string LineOf(const pb::Item& item) {
  Sha256 hash;
  for (const pb::File& file : item.files()) {
    AddField(file.path(), &hash);
    AddField(absl::StrCat(file.type(), " ", file.executable(), " ", file.size()), &hash);
    AddField(file.sha256(), &hash);
    AddField(file.target(), &hash);
  }
  const Sha256Digest digest = std::move(hash).Finish();
  absl::string_view bytes(reinterpret_cast<const char*>(digest.data()), digest.size());
  return absl::StrCat(absl::BytesToHexString(bytes), " ", item.name());
}

}  // namespace

absl::StatusOr<Donors> FindDonors(const MirrorCache& cache, const pb::Contents& contents) {
  absl::flat_hash_map<std::string, const pb::Item*> wanted;
  for (const pb::Item& item : contents.items()) wanted.emplace(LineOf(item), &item);
  Donors donors;
  RELOC_ASSIGN_OR_RETURN(std::vector<Mirror> mirrors, cache.List());
  for (const Mirror& mirror : mirrors) {
    if (mirror.id.kind != MirrorKind::kPlain) continue;
    absl::StatusOr<std::string> index = ReadWholeFile(absl::StrCat(mirror.path, "/", kItemsPath), kMaxIndex);
    if (!index.ok()) continue;  // evicted meanwhile; copying does as well
    for (absl::string_view line : absl::StrSplit(*index, '\n')) {
      auto item = wanted.find(line);
      if (item == wanted.end()) continue;
      const std::string& name = item->second->name();
      donors.emplace(name, absl::StrCat(MirrorName(mirror.id), mirror.store_prefix, "/", name));
    }
  }
  return donors;
}

absl::Status WriteItemIndex(const pb::Contents& contents, const std::string& path) {
  std::string index;
  for (const pb::Item& item : contents.items()) absl::StrAppend(&index, LineOf(item), "\n");
  return WriteNewFile(path, index, 0644);
}

}  // namespace reloc
