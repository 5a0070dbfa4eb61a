// The ways to start a pack that is on the slow file system.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "bench/launching/daemon.h"
#include "bench/launching/variants.h"
#include "bench/launching/workspace.h"
#include "bench/slow/loads.h"
#include "bench/slow/slow_files.h"

namespace reloc::bench {

inline constexpr char kLocal[] = "local";
inline constexpr char kSlow[] = "slow";
inline constexpr char kMirror[] = "mirror";
inline constexpr char kGraft[] = "graft";

struct Way {
  Variant variant;
  bool cold = false;                      // each launch finds the slow file system with nothing cached
  absl::Status ready = absl::OkStatus();  // whether what it needs could be made: a mirror
};

// The daemons for the launches: one has no mirrors, the other has.
class Daemons {
 public:
  // Starts them. Mirrors are kept in `mirror_dir`.
  static absl::StatusOr<Daemons> Start(const Workspace& workspace, const std::string& mirror_dir);

  // Returns the ways to start `load`: from the local disk, from the slow file system, and with everything
  // that the version under test has against slowness: plain and grafted mirrors and one-file packs, which are
  // made here.
  absl::StatusOr<std::vector<Way>> MakeWays(const Workspace& workspace, const SlowFiles& files,
                                            const Load& load) const;

 private:
  Daemons() = default;
  Way MirrorWay(const Workspace& workspace, const std::string& pack, const std::string& kind,
                Variant variant) const;

  std::unique_ptr<Daemon> plain_;
  std::unique_ptr<Daemon> mirroring_;  // nullptr: no mirrors in this version
  bool images_ = false;
};

}  // namespace reloc::bench
