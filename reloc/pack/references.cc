// The search skips like Boyer and Moore's. A window of 32 bytes is read from its end; the first byte that is
// not in the hash alphabet ends every window that contains it, so the next one begins after it. In most data
// that means reading one byte in 32, at the speed of memory. Bytes known to be in the alphabet are not read
// again, so the worst case (a file of the digit 0) is one read per byte.
//
// Rejected: reading every eighth byte, and its surroundings only if four in a row are in the alphabet. These
// reads do not wait for each other, but measured it was 7 % faster on bytes like those of programs and three
// times slower on zeros.
//
// Rejected: searching for the prefix with memmem. It misses references that are stored without prefix, which
// Nix and Guix follow (so that the closure would differ from theirs), and reads more bytes, because prefixes
// are shorter.
#include "reloc/pack/references.h"

#include <string.h>

#include <algorithm>
#include <array>

#include "absl/strings/str_cat.h"
#include "reloc/base/file.h"
#include "reloc/hosted/files.h"
#include "reloc/hosted/status.h"
#include "reloc/hosted/text.h"
#include "reloc/pack/store.h"

namespace reloc {
namespace {

// The value of each byte that is a digit of the hash alphabet, otherwise -1.
constexpr std::array<int8_t, 256> MakeDigits() {
  std::array<int8_t, 256> table{};
  for (int8_t& value : table) value = -1;
  for (size_t i = 0; i < kBase32.size(); ++i)
    table[static_cast<unsigned char>(kBase32[i])] = static_cast<int8_t>(i);
  return table;
}
constexpr std::array<int8_t, 256> kDigits = MakeDigits();

// How many characters of a hash are looked up in a bit table before all of them are looked up in the hash
// table: only long runs of digits ever get there, but those would be looked up at each byte. 20 bits, 128
// KiB.
constexpr size_t kBeginning = 4;

size_t Beginning(std::string_view hash) {
  size_t value = 0;
  for (char c : hash.substr(0, kBeginning)) {
    value = value * kBase32.size() + static_cast<size_t>(kDigits[static_cast<unsigned char>(c)]);
  }
  return value;
}

// Twice this is the L2 cache of common machines: read(2) writes it there, and the search finds it there.
// mmap(2) was slower for the small files of stores (page faults, TLB shootdowns between the threads).
constexpr size_t kChunk = 256 << 10;

// Longest name that Nix and Guix allow (nix: StorePath::MaxPathLen).
constexpr size_t kMaxName = 211;

}  // namespace

ReferenceFinder::ReferenceFinder(std::string_view prefix, std::vector<std::string> items)
    : marker_(absl::StrCat(Text(prefix), "/")), items_(std::move(items)) {
  by_hash_.reserve(items_.size());
  begins_.resize(size_t{1} << (5 * kBeginning));
  for (uint32_t i = 0; i < items_.size(); ++i) {
    if (!IsItemName(items_[i])) continue;
    std::string_view hash = std::string_view(items_[i]).substr(0, kHashLength);
    begins_[Beginning(hash)] = true;
    auto [known, added] = by_hash_.try_emplace(hash, i);
    // Nix has files such as <item>.lock beside items: the shortest name is the item's.
    if (!added && items_[i].size() < items_[known->second].size()) known->second = i;
  }
}

void ReferenceFinder::Find(std::string_view bytes, References* found) const {
  const auto* data = reinterpret_cast<const unsigned char*>(bytes.data());
  size_t start = 0;  // of the window
  size_t known = 0;  // how many bytes of it, from its start, are known to be in the alphabet
  while (start + kHashLength <= bytes.size()) {
    size_t unseen = kHashLength;  // window bytes from `unseen` on are in the alphabet
    while (unseen > known && kDigits[data[start + unseen - 1]] >= 0) --unseen;
    if (unseen == known) {
      Judge(bytes, start, found);
      start += 1;
      known = kHashLength - 1;
    } else {
      start += unseen;
      known = kHashLength - unseen;
    }
  }
}

// Handles 32 bytes of the hash alphabet at `position`.
void ReferenceFinder::Judge(std::string_view bytes, size_t position, References* found) const {
  std::string_view hash = bytes.substr(position, kHashLength);
  if (begins_[Beginning(hash)]) {
    if (auto known = by_hash_.find(hash); known != by_hash_.end()) {
      found->items.insert(known->second);
      return;
    }
  }
  if (position == 0 || bytes[position - 1] != '/') return;  // decides in most cases
  if (!bytes.substr(0, position).ends_with(marker_)) return;
  std::string_view name = bytes.substr(position, kMaxName);
  size_t end = std::find_if_not(name.begin() + kHashLength, name.end(), IsNameCharacter) - name.begin();
  name = name.substr(0, end);
  if (!IsItemName(name)) return;
  // A name that is truncated at the end of a chunk is found again, whole.
  std::string& known_name = found->missing[std::string(name.substr(0, kHashLength))];
  if (known_name.size() < name.size()) known_name = name;
}

absl::Status ReferenceFinder::FindInFile(const std::string& path, ProgressMeter* meter,
                                         References* found) const {
  // The end of a chunk is searched again with the next one, so that what crosses the boundary is found whole.
  const size_t overlap = marker_.size() + kMaxName;
  thread_local std::vector<char> buffer;
  buffer.resize(kChunk + overlap);
  RELOC_ASSIGN_OR_RETURN(UniqueFd fd, OpenFile(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK));
  for (size_t kept = 0;;) {
    Result<size_t> got = ReadAll(fd.get(), {buffer.data() + kept, kChunk});
    if (!got.ok()) return SystemError(got.error().value, absl::StrCat("cannot read ", path));
    size_t size = kept + *got;
    Find({buffer.data(), size}, found);
    RELOC_RETURN_IF_ERROR(meter->Add(*got));
    if (*got < kChunk) return absl::OkStatus();
    kept = std::min(size, overlap);
    memmove(buffer.data(), buffer.data() + size - kept, kept);
  }
}

}  // namespace reloc
