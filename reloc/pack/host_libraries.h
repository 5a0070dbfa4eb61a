// The libraries that one program, or one plugin, loads, as store items.
//
// Each library is an item of its own, so that packs share those that they have in common. libc is one item
// with its loader and its companions, which must match each other to the build: what programs need of it
// varies, but the item does not. libgcc_s belongs to it, since pthread_cancel loads it by dlopen, which
// nothing declares.
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
  std::string item;  // its name; empty while it is not known

  // Where the canonical host file `source` lies in the item; empty if it is not part of it.
  std::string PlaceOf(const std::string& source) const;
};

class LibraryGraph {
 public:
  // The arguments must outlive this.
  LibraryGraph(LoadedLibraries loaded, SourceFiles* sources, const ItemNames* names, const AddedData* added)
      : loaded_(std::move(loaded)), sources_(sources), names_(names), added_(added) {}

  // What the hash of an item must cover that needs the libraries `needed` (DT_NEEDED) or the loader.
  absl::StatusOr<std::vector<std::string>> Facts(const std::vector<std::string>& needed);
  // The store directories of just these libraries: a RUNPATH of few directories is a short search. libc's is
  // the last one, since most of its libraries are named by path.
  absl::StatusOr<std::vector<std::string>> Directories(const std::vector<std::string>& needed);
  // The store paths of those of glibc's own libraries among them. They fit this loader alone, so that nobody
  // would want LD_LIBRARY_PATH to bring others, and needing no search they start quicker.
  absl::StatusOr<std::vector<NeededPath>> LibcPaths(const std::vector<std::string>& needed);
  // The store path of the loader.
  absl::StatusOr<std::string> Loader();
  // Puts the items of all that `needed` leads to, and libc's, into the plan.
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

// `directories`, then what the file `elf` names itself: the host's own directories, which serve what the
// program loads by dlopen, and those relative to $ORIGIN.
std::vector<std::string> WithOwnRunPath(std::vector<std::string> directories, const ElfInfo& elf);

}  // namespace reloc
