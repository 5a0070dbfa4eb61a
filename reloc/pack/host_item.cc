#include "reloc/pack/host_item.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "reloc/hosted/files.h"
#include "reloc/hosted/hash.h"
#include "reloc/hosted/status.h"
#include "reloc/pack/store.h"

namespace reloc {
namespace {

// Change this if the same sources give another result: then old and new items must not share a name.
constexpr char kRecipe[] = "item of host files, 2";

// Encodes 160 of the 256 bits as 32 characters, in the order of digits that Nix uses (beginning with the
// last).
std::string Base32(const Sha256Digest& digest) {
  std::string text;
  for (size_t digit = kHashLength; digit-- > 0;) {
    const size_t bit = digit * 5;
    const unsigned pair = digest[bit / 8] | digest[bit / 8 + 1] << 8;
    text += kBase32[(pair >> (bit % 8)) & 31];
  }
  return text;
}

std::string AllowedName(std::string name) {
  std::replace_if(
      name.begin(), name.end(), [](char c) { return !IsNameCharacter(c); }, '-');
  return name;
}

absl::StatusOr<std::string> DescribeContent(const std::string& path, ProgressMeter* meter) {
  // HashFile accepts no symlinks, and libraries are mostly found through one.
  std::error_code error;
  const std::string file = std::filesystem::canonical(path, error);
  struct stat st = {};
  if (error || stat(file.c_str(), &st) != 0)
    return SystemError(error ? error.value() : errno, "cannot read " + path);
  RELOC_ASSIGN_OR_RETURN(const Sha256Digest digest, HashFile(file, meter));
  const std::string hex =
      absl::BytesToHexString({reinterpret_cast<const char*>(digest.data()), digest.size()});
  return absl::StrCat(absl::Hex(st.st_mode & 0777), " ", hex);
}

}  // namespace

std::string ItemNames::Name(const std::string& name, std::vector<std::string> facts) const {
  std::sort(facts.begin(), facts.end());
  facts.erase(std::unique(facts.begin(), facts.end()), facts.end());
  Sha256 hash;
  hash.Update(
      absl::StrCat(kRecipe, "\n", tool_, "\n", prefix_, "\n", name, "\n", absl::StrJoin(facts, "\n")));
  return absl::StrCat(Base32(std::move(hash).Finish()), "-", AllowedName(name));
}

std::string ItemNames::Path(const std::string& item, const std::string& inside) const {
  return absl::StrCat(prefix_, "/", item, "/", inside);
}

absl::StatusOr<ElfInfo> SourceFiles::Elf(const std::string& path) {
  if (auto known = elves_.find(path); known != elves_.end()) return known->second;
  RELOC_ASSIGN_OR_RETURN(ElfInfo info, ReadElf(path));
  return elves_.emplace(path, std::move(info)).first->second;
}

absl::StatusOr<std::string> SourceFiles::Fact(const std::string& name, const std::string& path) {
  auto known = contents_.find(path);
  if (known == contents_.end()) {
    RELOC_ASSIGN_OR_RETURN(std::string content, DescribeContent(path, meter_));
    known = contents_.emplace(path, std::move(content)).first;
  }
  return absl::StrCat(name, " ", known->second);
}

}  // namespace reloc
