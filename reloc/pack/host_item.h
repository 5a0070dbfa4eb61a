// Plans store items that are made from the host's files.
//
// Everything is planned before the first byte is written, so that an error leaves nothing behind. The name of
// an item is a hash of its sources, not of the result: items refer to each other and to themselves by name.
// Equal files of two hosts give equal items, which mirrors then share.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "reloc/hosted/progress.h"
#include "reloc/pack/elf.h"
#include "reloc/pack/needed_paths.h"

namespace reloc {

struct HostFile {
  enum class Kind {
    kCopy,       // unchanged
    kElf,        // with another PT_INTERP and RUNPATH
    kScript,     // with another first line
    kSymlink,    // to `text`
    kDirectory,  // like the directory `source`
  };
  Kind kind = Kind::kCopy;
  std::string path{};                   // inside of the item: "bin/sed"
  std::string source{};                 // the host's file, canonical; empty for a symlink
  std::string text{};                   // kScript: the first line without newline. kSymlink: the target
  size_t replaced = 0;                  // kScript: bytes of the source that `text` replaces
  std::string interpreter{};            // kElf: empty if it has none
  std::vector<std::string> run_path{};  // kElf: directories
  std::vector<NeededPath> needed{};     // kElf: libraries that are loaded by path
};

struct HostPlan {
  std::map<std::string, std::vector<HostFile>> items;  // by name
  std::vector<std::string> warnings;                   // one line each

  // Adds an item unless it exists.
  void Add(const std::string& item, std::vector<HostFile> files) { items.emplace(item, std::move(files)); }
};

// Names items, and returns the paths at which programs see them.
class ItemNames {
 public:
  // `tool` is the version of the program that rewrites the files: another version may write other bytes.
  ItemNames(std::string prefix, std::string tool) : prefix_(std::move(prefix)), tool_(std::move(tool)) {}

  // Returns "<32 characters of base32>-<name>"; the order of `facts` does not matter. Characters that a store
  // does not allow in a name ("[" is a program) become "-".
  std::string Name(const std::string& name, std::vector<std::string> facts) const;

  // Returns the store path of `inside`, a relative path in `item`.
  std::string Path(const std::string& item, const std::string& inside) const;
  const std::string& prefix() const { return prefix_; }

 private:
  std::string prefix_;
  std::string tool_;
};

// Caches what was read of the host's files. Not thread-safe.
class SourceFiles {
 public:
  // `meter` counts the bytes read, and must outlive this.
  explicit SourceFiles(ProgressMeter* meter) : meter_(meter) {}

  absl::StatusOr<ElfInfo> Elf(const std::string& path);
  // Returns what a file contributes to an item's hash: "<name> <mode> <SHA-256>".
  absl::StatusOr<std::string> Fact(const std::string& name, const std::string& path);

 private:
  ProgressMeter* meter_;
  absl::flat_hash_map<std::string, ElfInfo> elves_;
  absl::flat_hash_map<std::string, std::string> contents_;  // "<mode> <SHA-256>"
};

}  // namespace reloc
