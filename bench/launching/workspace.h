// A benchmark's surroundings: the programs under test, and a temporary directory that is removed with
// everything in it.
#pragma once

#include <filesystem>
#include <string>

#include "absl/status/statusor.h"
#include "bench/launching/command.h"

namespace reloc::bench {

class Workspace {
 public:
  // Uses the programs in `bin_dir`, or, if that is empty, beside this one. The directory is made in $TMPDIR
  // or /tmp.
  static absl::StatusOr<Workspace> Create(std::string bin_dir);
  Workspace(Workspace&& other) noexcept;
  Workspace& operator=(Workspace&&) = delete;
  ~Workspace();

  std::string Program(const std::string& name) const { return bin_dir_ / name; }
  const std::string& probe() const { return probe_; }
  std::string Path(const std::string& name) const { return directory_ / name; }

  // Returns the complete environment of every launch: PATH, and directories of the benchmark wherever
  // programs would otherwise use the user's. It leads to no daemon.
  Environment BaseEnvironment() const;

 private:
  Workspace(std::filesystem::path bin_dir, std::filesystem::path probe, std::filesystem::path directory);

  std::filesystem::path bin_dir_;
  std::string probe_;
  std::filesystem::path directory_;  // empty: moved from
};

}  // namespace reloc::bench
