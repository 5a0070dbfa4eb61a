#include "reloc/pack/staging.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "reloc/hosted/files.h"

namespace reloc {

absl::StatusOr<Staging> Staging::Create(const std::string& output) {
  std::string path = output;
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  struct stat st;
  if (lstat(path.c_str(), &st) == 0) {
    return absl::AlreadyExistsError(absl::StrCat(path, " exists already: remove it or choose another name"));
  }
  std::string directory = absl::StrCat(path, ".tmp-XXXXXX");
  if (mkdtemp(directory.data()) == nullptr) {
    return SystemError(errno, absl::StrCat("cannot create a directory beside ", path));
  }
  return Staging(std::move(path), std::move(directory));
}

Staging::Staging(std::string output, std::string directory)
    : output_(std::move(output)), directory_(std::move(directory)) {}

Staging::Staging(Staging&& other) noexcept
    : output_(std::move(other.output_)), directory_(std::exchange(other.directory_, {})) {}

Staging::~Staging() {
  // A destructor cannot report errors; what could not be removed is visible beside the output.
  if (!directory_.empty()) RemoveTree(directory_).IgnoreError();
}

absl::Status Staging::Publish(const std::string& made) { return RenameNew(made, output_); }

}  // namespace reloc
