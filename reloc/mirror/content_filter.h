// What a mirror has instead of its pack's bytes: how grafted mirrors differ from plain ones.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "proto/manifest.pb.h"
#include "reloc/hosted/progress.h"

namespace reloc {

// A file or symlink of an item. Points into what the maker of the mirror holds.
struct ItemFile {
  std::string_view item;  // its name
  std::string_view path;  // in the item; empty: the item itself is the file
  bool executable = false;
};

// FilterFile and FilterLink are called from several threads at once. An error of any call fails the mirror;
// it names the file.
class ContentFilter {
 public:
  virtual ~ContentFilter() = default;

  // Once, before all others: what the pack holds. Whatever takes long asks `progress`.
  virtual absl::Status Begin(const pb::Contents& contents, const ProgressCallback& progress) = 0;

  // `*bytes` is the whole content of a regular file, compared with contents.json before. Changes it, in
  // length too, and returns true; or returns false, and the file is shared with a plain mirror where there is
  // one.
  virtual absl::StatusOr<bool> FilterFile(const ItemFile& file, std::string* bytes) = 0;

  // What the symlink leads to in the mirror instead of `target`.
  virtual absl::StatusOr<std::string> FilterLink(const ItemFile& link, const std::string& target) = 0;

  // Once, when all items are written: adds files of its own to `meta`, the mirror's .reloc. They become part
  // of what Verify compares.
  virtual absl::Status Finish(const std::string& meta) = 0;
};

}  // namespace reloc
