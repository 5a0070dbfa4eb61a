// What a mirror is: a copy of one pack's store on this host's own disk.
//
//   CACHE/                          0700, the user's own
//     mirrors/<32 hex digits>.plain/    shaped like a pack
//       gnu/store/...                     the items
//       .reloc/                           what engines need of the pack's (not plans, shim and entries), and
//         manifest.json, contents.json      the pack's; after a graft, those of what lies here
//         items                             for sharing: a hash and a name for each item
//         origin                            symlink: the pack that it was made from
//         unsynced                          symlink: the boot in which it was made, until all is on the disk
//         damaged                           symlink, if files were found to differ: it is not used
//     tmp/                            being made, or being removed
//     CACHEDIR.TAG
//
// Mirrors share the files of equal items by hard links, so that each can be removed without asking about
// others.
#pragma once

#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "reloc/launch/plan.h"

namespace reloc {

enum class MirrorKind { kPlain, kGraft };

// What a mirror is a mirror of.
struct MirrorId {
  PackDigest digest{};  // of the pack, also for a graft
  MirrorKind kind = MirrorKind::kPlain;
  bool operator==(const MirrorId&) const = default;
};

struct Mirror {
  MirrorId id;
  std::string path;          // absolute, of the directory
  std::string store_prefix;  // the store lies at <path><store_prefix>
  std::string pack;          // absolute; where the pack was when the mirror was made
  // The digest covers more than the store: then engines that take more than the store may use a plain one.
  bool covers_all = false;
  bool damaged = false;  // it was verified, and files differed
  absl::Time used_at;
};

// "plain" or "graft".
absl::string_view MirrorKindName(MirrorKind kind);
std::optional<MirrorKind> ParseMirrorKind(absl::string_view name);

// "<32 hex digits>.plain": the name of a mirror's directory.
std::string MirrorName(const MirrorId& id);
// Nothing for any other name.
std::optional<MirrorId> ParseMirrorName(absl::string_view name);

}  // namespace reloc
