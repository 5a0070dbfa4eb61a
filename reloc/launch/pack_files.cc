#include "reloc/launch/pack_files.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "reloc/base/file.h"
#include "reloc/launch/directory.h"
#include "reloc/launch/plan.h"

namespace reloc {
namespace {

std::span<const char> Part(std::span<const char> segment, uint32_t at, uint32_t size) {
  if (at > segment.size() || size > segment.size() - at) return {};
  return segment.subspan(at, size);
}

}  // namespace

bool HoldsPlans(string_view directory) {
  PathText path;
  path << directory << '/' << kPlansDir;
  return !path.overflowed() && IsDirectory(path.c_str());
}

namespace {

char g_plans[kMaxPlanBytes];

// Returns false if `entry` has no plan for the engine userns.
bool ReadPrefix(string_view pack_dir, string_view entry, PathText* prefix) {
  Result<size_t> size = ReadPlans(pack_dir, entry, g_plans);
  Plan plan;
  const char* why = nullptr;
  if (!size.ok() || !FindPlan({g_plans, *size}, Engine::kUserns, &plan, &why)) return false;
  const Step* bind = FindStep(plan.prepare(), Op::kBindStore);
  if (bind == nullptr || !IsCleanAbsolute(bind->b)) return false;
  *prefix << bind->b;
  return true;
}

// All entries have the same prefix: if the first few have none, the others are not read.
bool FindPlannedPrefix(string_view pack_dir, PathText* prefix) {
  PathText path;
  path << pack_dir << '/' << kPlansDir << "/bin";
  Result<UniqueFd> listing = Open(path.c_str(), O_RDONLY | O_DIRECTORY);
  if (!listing.ok()) return false;
  DirectoryReader reader(listing->get());
  DirectoryEntry entry;
  bool more = true;
  constexpr int kMaxTries = 16;
  for (int i = 0; i < kMaxTries && reader.Next(&entry, &more).ok() && more; ++i) {
    FixedText<512> name;
    name << "bin/" << entry.name;
    if (ReadPrefix(pack_dir, name.view(), prefix)) return true;
  }
  return false;
}

}  // namespace

bool FindPack(string_view program, string_view* pack_dir, string_view* entry) {
  for (string_view dir = DirName(program); dir.size() > 1; dir = DirName(dir)) {
    if (!HoldsPlans(dir)) continue;
    *pack_dir = dir;
    *entry = Suffix(program, dir.size() + 1);
    return true;
  }
  return false;
}

Result<size_t> ReadEntry(string_view program, std::span<char> memory, string_view* pack_dir,
                         string_view* entry) {
  *pack_dir = DirName(DirName(program));
  *entry = Suffix(program, pack_dir->size() + 1);
  Result<size_t> size = ReadPlans(*pack_dir, *entry, memory);
  if (size.ok() || size.error().value != ENOENT) return size;
  *pack_dir = string_view();
  return FindPack(program, pack_dir, entry) ? ReadPlans(*pack_dir, *entry, memory) : size;
}

Result<size_t> ReadPlans(string_view pack_dir, string_view entry, std::span<char> memory) {
  PathText path;
  path << pack_dir << '/' << kPlansDir << '/' << entry;
  if (path.overflowed()) return Errno{ENAMETOOLONG};
  Result<UniqueFd> fd = Open(path.c_str(), O_RDONLY);
  if (!fd.ok()) return fd.error();
  Result<size_t> size = ReadAll(fd->get(), memory);
  if (size.ok() && *size == memory.size()) return Errno{EFBIG};
  return size;
}

bool FindStorePrefix(string_view pack_dir, PathText* prefix) {
  prefix->Clear();
  if (FindPlannedPrefix(pack_dir, prefix)) return true;
  for (const char* known : {"/gnu/store", "/nix/store"}) {
    PathText path;
    path << pack_dir << known;
    if (!IsDirectory(path.c_str())) continue;
    *prefix << known;
    return true;
  }
  return false;
}

std::span<const char> FindCarriedPlans(std::span<const char> segment, string_view entry) {
  constexpr size_t kHeader = sizeof kCarriedMagic + sizeof(uint32_t);
  if (segment.size() < kHeader || memcmp(segment.data(), kCarriedMagic, sizeof kCarriedMagic) != 0) return {};
  uint32_t count;
  memcpy(&count, segment.data() + sizeof kCarriedMagic, sizeof count);
  if (count > (segment.size() - kHeader) / sizeof(CarriedEntry)) return {};
  for (size_t first = 0, end = count; first < end;) {
    const size_t middle = first + (end - first) / 2;
    CarriedEntry at;
    memcpy(&at, segment.data() + kHeader + middle * sizeof at, sizeof at);
    std::span<const char> name = Part(segment, at.name, at.name_size);
    const int order = entry.compare(string_view(name.data(), name.size()));
    if (order == 0) return Part(segment, at.plans, at.plans_size);
    if (order < 0) end = middle;
    if (order > 0) first = middle + 1;
  }
  return {};
}

}  // namespace reloc
