#include "reloc/mirror/mirror.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace reloc {
namespace {

constexpr MirrorKind kKinds[] = {MirrorKind::kPlain, MirrorKind::kGraft};

bool IsHexDigit(char c) { return absl::ascii_isdigit(c) || (c >= 'a' && c <= 'f'); }

}  // namespace

absl::string_view MirrorKindName(MirrorKind kind) { return kind == MirrorKind::kPlain ? "plain" : "graft"; }

std::optional<MirrorKind> ParseMirrorKind(absl::string_view name) {
  for (MirrorKind kind : kKinds) {
    if (MirrorKindName(kind) == name) return kind;
  }
  return std::nullopt;
}

std::string MirrorName(const MirrorId& id) {
  absl::string_view digest(reinterpret_cast<const char*>(id.digest.data()), id.digest.size());
  return absl::StrCat(absl::BytesToHexString(digest), ".", MirrorKindName(id.kind));
}

std::optional<MirrorId> ParseMirrorName(absl::string_view name) {
  std::pair<absl::string_view, absl::string_view> parts = absl::StrSplit(name, absl::MaxSplits('.', 1));
  std::optional<MirrorKind> kind = ParseMirrorKind(parts.second);
  MirrorId id;
  if (!kind || parts.first.size() != 2 * id.digest.size()) return std::nullopt;
  if (!std::all_of(parts.first.begin(), parts.first.end(), IsHexDigit)) return std::nullopt;
  const std::string digest = absl::HexStringToBytes(parts.first);
  std::copy(digest.begin(), digest.end(), id.digest.begin());
  id.kind = *kind;
  return id;
}

}  // namespace reloc
