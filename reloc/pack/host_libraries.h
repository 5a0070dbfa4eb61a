// The libraries that one program, or one plugin, loads, as store items.
//
// Each library is an item of its own, so that packs share those that they have in common. libc is one item
// with its loader and its companions, which must be of the same build. What programs need of it varies, but
// the item does not. libgcc_s belongs to it, because pthread_cancel loads it by dlopen, and nothing declares
// that.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "reloc/pack/host_item.h"
#include "reloc/pack/host_loader.h"

namespace reloc {

// Host files and directories that go into the pack as data, all in one item.
struct AddedData {
  struct Path {
    std::string source;  // on the host, canonical
    std::string place;   // in the item, and in each program's item
  };
  std::vector<Path> paths;
  std::string item;  // its name; empty until it is known

  // Returns the place of the canonical host file `source` in the item; empty if it is not part of it.
  std::string PlaceOf(const std::string& source) const;
};

class LibraryGraph {
 public:
  // The arguments must outlive this.
  LibraryGraph(LoadedLibraries loaded, SourceFiles* sources, const ItemNames* names, const AddedData* added)
      : loaded_(std::move(loaded)), sources_(sources), names_(names), added_(added) {}

  // Returns what the hash of an item must cover that needs the libraries `needed` (DT_NEEDED) or the loader.
  absl::StatusOr<std::vector<std::string>> Facts(const std::vector<std::string>& needed);
  // Returns the store directories of exactly these libraries: a RUNPATH with few directories is searched
  // quickly. libc's comes last, because most of its libraries are loaded by path.
  absl::StatusOr<std::vector<std::string>> Directories(const std::vector<std::string>& needed);
  // Returns the store paths of those of glibc's own libraries among them. They fit only this loader, so
  // LD_LIBRARY_PATH has no reason to replace them, and without a search they start faster.
  absl::StatusOr<std::vector<NeededPath>> LibcPaths(const std::vector<std::string>& needed);
  // Returns the store path of the loader.
  absl::StatusOr<std::string> Loader();
  // Adds the items of everything that `needed` leads to, and of libc, to the plan.
  absl::Status AddItems(const std::vector<std::string>& needed, HostPlan* plan);

 private:
  struct Library {
    enum class Home { kLibc, kAdded, kOwnItem };
    Home home = Home::kOwnItem;
    std::string name;   // as DT_NEEDED has it
    std::string file;   // on the host
    std::string place;  // kAdded: in the data's item
  };

  bool IsLibc(const std::string& name, const std::string& file) const;
  absl::StatusOr<Library> Find(const std::string& name);
  absl::StatusOr<std::vector<Library>> Closure(const std::vector<std::string>& needed);
  absl::StatusOr<std::string> ItemOfLibrary(const Library& library);
  absl::Status AddLibrary(const Library& library, HostPlan* plan);

  std::vector<std::pair<std::string, std::string>> LibcFiles() const;  // name and host file
  absl::StatusOr<std::vector<std::string>> LibcFacts();
  absl::StatusOr<std::string> LibcItem();
  absl::Status AddLibc(HostPlan* plan);

  LoadedLibraries loaded_;
  SourceFiles* sources_;
  const ItemNames* names_;
  const AddedData* added_;
};

// Returns `directories`, followed by those in the file `elf` itself: the host's own directories, for what the
// program loads by dlopen, and those relative to $ORIGIN.
std::vector<std::string> WithOwnRunPath(std::vector<std::string> directories, const ElfInfo& elf);

}  // namespace reloc
