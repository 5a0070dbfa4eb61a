// The closure: all store items that given ones need, found by scanning (see references.h).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "reloc/hosted/progress.h"
#include "reloc/hosted/tree.h"
#include "reloc/pack/store.h"

namespace reloc {

struct ClosureItem {
  std::string name;
  std::vector<std::string> references;  // names of other items, sorted
  std::vector<TreeFile> files;          // as ListTree gives them
};

// A reference to what the store does not have.
struct MissingItem {
  std::string referrer;  // store path of the file that refers to it
  std::string name;      // of the item
};

struct Closure {
  std::vector<ClosureItem> items;    // sorted by name
  std::vector<MissingItem> missing;  // in order of items and files
};

// The closure of the items `roots` (names) in `store`. A root that does not exist is an error; for a missing
// reference the caller decides.
absl::StatusOr<Closure> FindClosure(const StoreLocation& store, const std::vector<std::string>& roots,
                                    const ProgressCallback& progress = {});

// The names of all items in `store`, sorted; Nix's .links and other names of another form are left out.
absl::StatusOr<std::vector<std::string>> ListItems(const StoreLocation& store);

// NotFound for the first of `missing`, naming referrer and item; OK if there is none.
absl::Status RequireComplete(const StoreLocation& store, const std::vector<MissingItem>& missing);

}  // namespace reloc
