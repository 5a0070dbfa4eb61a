// Jobs with a launcher before they are jobs: an id and a name are reserved, until a process is bound to them.
#pragma once

#include <optional>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace reloc {

class Reservations {
 public:
  // A new id, with `name` if it is not empty. InvalidArgument: such a name is none; AlreadyExists: it is
  // reserved.
  absl::StatusOr<std::string> Reserve(absl::string_view name);
  // Gives back what was reserved and not bound.
  void Release(const std::string& id) { reserved_.erase(id); }

  // The name that goes with `id`, which may be empty, and is no longer reserved; nullopt: nothing is.
  std::optional<std::string> Take(const std::string& id);

 private:
  absl::flat_hash_map<std::string, std::string> reserved_;  // names by id
};

}  // namespace reloc
