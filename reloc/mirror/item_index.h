// Which mirror has which item: what mirrors share.
#pragma once

#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "proto/manifest.pb.h"
#include "reloc/mirror/mirror_cache.h"

namespace reloc {

// For each item of some pack, by name, the path of the same item in another mirror: relative to
// MirrorCache::mirrors_fd(). Items that no mirror has are missing.
using Donors = absl::flat_hash_map<std::string, std::string>;

// Donors among the plain mirrors: same name, and same content by the lists of files, which their makers have
// compared with the files.
absl::StatusOr<Donors> FindDonors(const MirrorCache& cache, const pb::Contents& contents);

// Writes the new file `path`, from which FindDonors knows what a mirror with these contents has.
absl::Status WriteItemIndex(const pb::Contents& contents, const std::string& path);

}  // namespace reloc
