#include "reloc/pack/library_index.h"

#include <array>
#include <bit>
#include <cstring>
#include <map>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "reloc/base/fnv.h"
#include "reloc/base/library_index.h"

namespace reloc {
namespace {

class IndexWriter {
 public:
  IndexWriter(const std::string& prefix, size_t objects)
      : prefix_size_(prefix.size()), slots_(std::bit_ceil(objects * 2 + 1)) {}

  void Add(const ObjectLibraries& object) {
    Needs needs;
    for (const FoundLibrary& library : object.found)
      needs.push_back({Intern(library.name), Intern(Below(library.file)), library.rpath ? 1u : 0u});
    const uint32_t first = AddNeeds(needs);
    const absl::string_view path = Below(object.object);
    size_t at = Fnv1a32({path.data(), path.size()});
    while (slots_[at % slots_.size()].path != 0) ++at;
    slots_[at % slots_.size()] = {Intern(path), first, static_cast<uint32_t>(needs.size())};
  }

  std::string Finish() const {
    LibraryIndexHeader header = {{},
                                 kLibraryIndexVersion,
                                 static_cast<uint32_t>(slots_.size()),
                                 static_cast<uint32_t>(needs_.size()),
                                 static_cast<uint32_t>(strings_.size())};
    std::memcpy(header.magic, kLibraryIndexMagic, sizeof header.magic);
    std::string bytes;
    Append(&header, 1, &bytes);
    Append(slots_.data(), slots_.size(), &bytes);
    Append(needs_.data(), needs_.size(), &bytes);
    return bytes + strings_;
  }

 private:
  using Needs = std::vector<std::array<uint32_t, 3>>;
  static_assert(sizeof(Needs::value_type) == sizeof(LibraryIndexNeed));

  absl::string_view Below(const std::string& path) const {
    return absl::string_view(path).substr(prefix_size_);
  }

  // One file under several names has the same needs: they are written once.
  uint32_t AddNeeds(const Needs& needs) {
    auto [known, is_new] = lists_.try_emplace(needs, static_cast<uint32_t>(needs_.size()));
    if (is_new) needs_.insert(needs_.end(), needs.begin(), needs.end());
    return known->second;
  }

  uint32_t Intern(absl::string_view text) {
    auto [known, is_new] = offsets_.try_emplace(text, static_cast<uint32_t>(strings_.size()));
    if (is_new) strings_.append(text.data(), text.size()).push_back('\0');
    return known->second;
  }

  template <typename T>
  static void Append(const T* records, size_t count, std::string* bytes) {
    bytes->append(reinterpret_cast<const char*>(records), count * sizeof(T));
  }

  const size_t prefix_size_;
  std::vector<LibraryIndexSlot> slots_;
  Needs needs_;
  std::map<Needs, uint32_t> lists_;
  std::string strings_ = std::string(1, '\0');  // offset 0 means nothing
  absl::flat_hash_map<std::string, uint32_t> offsets_;
};

}  // namespace

std::string EncodeLibraryIndex(const std::string& prefix, const std::vector<ObjectLibraries>& objects) {
  IndexWriter writer(prefix, objects.size());
  for (const ObjectLibraries& object : objects)
    if (!object.found.empty()) writer.Add(object);
  return writer.Finish();
}

}  // namespace reloc
