// What a worker found in the cache, as relocd takes it over: with descriptors, so that relocd itself asks the
// file system for nothing. It may not answer (ADR 0037).
#pragma once

#include <stdint.h>

#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "proto/control.pb.h"
#include "reloc/base/file.h"
#include "reloc/base/unique_fd.h"

namespace reloc {

struct FoundMirror {
  relocd::v1::Mirror mirror;
  FileId id;           // of its directory
  UniqueFd directory;  // with a shared lock: what other daemons of the user do not evict
  UniqueFd store;      // of a plain one
  std::vector<int> watches;
  std::string watch_error;  // why there are none
};

struct MirrorSurvey {
  std::vector<FoundMirror> found;
  absl::flat_hash_map<std::string, FileId> unusable;  // by name; still there
  uint64_t bytes = 0;                                 // that all take on the disk
};

}  // namespace reloc
