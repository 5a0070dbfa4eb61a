// Store items that are to be made of the host's files: the plan of an import.
//
// All is planned before the first byte is written, so that whatever can be refused is refused with nothing
// done. The name of an item is a hash of what it is made of, not of what comes out: items refer to each other
// and to themselves by name. Equal files of two hosts give equal items, which mirrors then share.
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
    kCopy,       // the same bytes
    kElf,        // with another PT_INTERP and RUNPATH
    kScript,     // with another first line
    kSymlink,    // to `text`
    kDirectory,  // as `source` is one
  };
  Kind kind = Kind::kCopy;
  std::string path{};                   // inside of the item: "bin/sed"
  std::string source{};                 // the host's file, canonical; none for a symlink
  std::string text{};                   // kScript: the first line without newline. kSymlink: the target
  size_t replaced = 0;                  // kScript: bytes of the source that `text` replaces
  std::string interpreter{};            // kElf: empty if it has none
  std::vector<std::string> run_path{};  // kElf: directories
  std::vector<NeededPath> needed{};     // kElf: libraries that are named by their path
};

struct HostPlan {
  std::map<std::string, std::vector<HostFile>> items;  // by name
  std::vector<std::string> warnings;                   // one line each

  // Adds an item unless it is there.
  void Add(const std::string& item, std::vector<HostFile> files) { items.emplace(item, std::move(files)); }
};

// Names items and says where programs see them.
class ItemNames {
 public:
  // `tool` is the version of what rewrites the files: another one may write other bytes.
  ItemNames(std::string prefix, std::string tool) : prefix_(std::move(prefix)), tool_(std::move(tool)) {}

  // "<32 characters of base32>-<name>"; the order of `facts` does not matter. Characters that a store does
  // not allow in a name ("[" is a program) become "-".
  std::string Name(const std::string& name, std::vector<std::string> facts) const;

  // The store path of `inside`, a relative path in `item`.
  std::string Path(const std::string& item, const std::string& inside) const;
  const std::string& prefix() const { return prefix_; }

 private:
  std::string prefix_;
  std::string tool_;
};

// What has been read of the host's files, each once. Not for several threads.
class SourceFiles {
 public:
  // Bytes read are counted by `meter`, which must outlive this.
  explicit SourceFiles(ProgressMeter* meter) : meter_(meter) {}

  absl::StatusOr<ElfInfo> Elf(const std::string& path);
  // What goes into an item's hash for a file: "<name> <mode> <SHA-256>".
  absl::StatusOr<std::string> Fact(const std::string& name, const std::string& path);

 private:
  ProgressMeter* meter_;
  absl::flat_hash_map<std::string, ElfInfo> elves_;
  absl::flat_hash_map<std::string, std::string> contents_;  // "<mode> <SHA-256>"
};

}  // namespace reloc
