// What is to be written for a mirror, worked out before the first byte is.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <string>
#include <string_view>
#include <vector>

#include "proto/manifest.pb.h"
#include "reloc/mirror/item_index.h"

namespace reloc {

// A file or a symlink.
struct PlannedFile {
  std::string name;
  std::string path;  // in the item
  pb::File* listed = nullptr;
};

struct PlannedDirectory {
  std::string path;         // in the pack, and in the mirror
  std::string donor;        // path of the same directory in another mirror (see Donors); empty: none
  std::string_view item{};  // empty for what is in no item
  std::vector<PlannedFile> files{};
};

struct MirrorPlan {
  std::vector<PlannedDirectory> directories;  // each after the one that holds it
  uint64_t bytes = 0;                         // of all files
  uint64_t disk_bytes = 0;  // what the mirror will take on the disk, beside what donors have
};

// Of the pack with this manifest and `contents`, into which the plan points.
MirrorPlan PlanMirror(const pb::Manifest& manifest, pb::Contents* contents, const Donors& donors);

// True for what a mirror takes of the pack's own files: what engines need. Not the plans, the shim and the
// entries, which stay in the pack, and nothing that only mirrors have.
bool IsForMirror(const pb::File& own_file);

// True for the path of what only plain mirrors have in their .reloc.
bool IsMirrorNote(std::string_view path);

}  // namespace reloc
