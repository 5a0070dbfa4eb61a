#include <stdint.h>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "client/host/doctor/checks.h"
#include "reloc/hosted/human_size.h"
#include "reloc/mirror/mirror_cache.h"

namespace reloc {
namespace {

constexpr uint64_t kLittleSpace = 1 << 30;  // less than many packs need
constexpr const char* kCheck = "mirrors";
constexpr const char* kFix = "set mirror-dir in relocd.conf to a directory of your own on this host's disk";

// Returns the message without the fix at its end, which has a field of its own here.
std::string WithoutFix(absl::string_view message) {
  const size_t colon = message.rfind(": ");
  const bool has_fix = colon != message.npos && absl::StrContains(message.substr(colon), "mirror-dir");
  return std::string(has_fix ? message.substr(0, colon) : message);
}

}  // namespace

Finding CheckMirrors(const std::string& directory, const std::string& error) {
  absl::StatusOr<uint64_t> free = MirrorCache::Examine(directory);
  if (!free.ok()) return Warn(kCheck, WithoutFix(free.status().message()), kFix);
  if (!error.empty()) return Warn(kCheck, WithoutFix(error), kFix);
  std::string space = absl::StrCat(directory, ", ", HumanSize(static_cast<double>(*free)), " free");
  if (*free >= kLittleSpace) return Ok(kCheck, space);
  return Warn(kCheck, space, "make room, or set mirror-dir in relocd.conf to a directory on another disk");
}

}  // namespace reloc
