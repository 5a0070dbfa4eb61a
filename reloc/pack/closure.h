// Finds the closure: all store items that given ones need, by scanning (see references.h).
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
  std::vector<TreeFile> files;          // as returned by ListTree
};

// A reference to an item that the store does not have.
struct MissingItem {
  std::string referrer;  // store path of the file that refers to it
  std::string name;      // of the item
};

struct Closure {
  std::vector<ClosureItem> items;    // sorted by name
  std::vector<MissingItem> missing;  // in order of items and files
};

// Returns the closure of the items `roots` (names) in `store`. A root that does not exist is an error; the
// caller decides about missing references.
absl::StatusOr<Closure> FindClosure(const StoreLocation& store, const std::vector<std::string>& roots,
                                    const ProgressCallback& progress = {});

// Lists the names of all items in `store`, sorted, without Nix's .links and other names of another form.
absl::StatusOr<std::vector<std::string>> ListItems(const StoreLocation& store);

// Returns NotFound for the first of `missing`, naming referrer and item; OK if there is none.
absl::Status RequireComplete(const StoreLocation& store, const std::vector<MissingItem>& missing);

}  // namespace reloc
