// A store: a directory of items named <32 characters of nix-base32>-<name>, seen by programs at a fixed path.
//
// A "store path" is a path as programs see it: /gnu/store/…-sed-4.9/bin/sed. A "host path" is its place where
// the prefix does not resolve: /tmp/pack/gnu/store/…-sed-4.9/bin/sed.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace reloc {

// The alphabet of Nix and Guix: without e, o, t, u, so that a hash does not spell words (nix:
// src/libutil/hash.cc).
inline constexpr std::string_view kBase32 = "0123456789abcdfghijklmnpqrsvwxyz";
inline constexpr size_t kHashLength = 32;

struct StoreLocation {
  std::string prefix;     // the path that the programs were built for, clean and absolute
  std::string directory;  // the host's canonical path of the same directory
};

// Checks `prefix`, and finds the canonical path of `directory` (empty: the prefix itself).
absl::StatusOr<StoreLocation> LocateStore(std::string prefix, std::string directory = "");

// Finds the store that `paths` (absolute) are in or lead to, if no `prefix` is given: /gnu/store or
// /nix/store, the former if neither fits. `directory` as above.
absl::StatusOr<StoreLocation> FindStore(const std::vector<std::string>& paths, const std::string& prefix,
                                        const std::string& directory);

// Returns true for names such as 0c3bgmxh7bp1kjpbnkkkzvlxkkl7z8d7-sed-4.9, with the characters that Nix and
// Guix allow.
bool IsItemName(std::string_view name);
// Returns true for the characters that an item's name may have after its hash.
bool IsNameCharacter(char c);

// Returns the place of the store path `path` on the host; a path outside the store is returned unchanged.
std::string HostPath(const StoreLocation& store, std::string_view path);
// Does the reverse: returns the store path of what is below store.directory; other paths are returned
// unchanged.
std::string StorePath(const StoreLocation& store, std::string_view path);

// Returns the item that the store path `path` is, or is in: "…-sed-4.9"; empty if it is not below the prefix.
// Points into `path`.
std::string_view ItemOf(const StoreLocation& store, std::string_view path);

// Follows all symlinks of the absolute path `path` as a program in the store would: what is below the prefix
// is looked up in store.directory, everything else on the host (`path` itself may also be a host path into
// the directory). The result is a store path or, if the links lead outside, a host path. Every component must
// exist.
absl::StatusOr<std::string> ResolveInStore(const StoreLocation& store, std::string_view path);

// Finds the nearest directory above `path` (absolute; it need not exist) that contains gnu/store or
// nix/store, without a trailing slash ("" for the root), and that store's prefix. Returns false if there is
// none.
bool FindStoreAround(std::string_view path, std::string* directory, std::string* prefix);

// Follows all symlinks of the host path `path` (absolute) as if the store around them were at its prefix: a
// link into /gnu/store, in a directory that contains a gnu/store, leads into that one, also on a host that
// has another. The result is a host path. Every component must exist.
absl::StatusOr<std::string> ResolveProgramPath(std::string_view path);

}  // namespace reloc
