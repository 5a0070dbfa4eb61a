// The ways to start one program that are compared.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "bench/launching/daemon.h"
#include "bench/launching/workspace.h"
#include "proto/bench.pb.h"

namespace reloc::bench {

struct Variant {
  std::string id;
  std::string description;
  std::vector<std::string> arguments;  // empty: a peer that is not installed
  Environment environment;
  // What a launch must say of itself with RELOC_DEBUG=1: a launch that fell back to another way would
  // otherwise be measured as the one that was meant.
  std::string evidence = {};
  double must = 0;  // as ratios to native; 0: no target
  double aim = 0;
};

inline constexpr char kNative[] = "native";
inline constexpr char kShimAlone[] = "shim";
inline constexpr char kBubblewrap[] = "bubblewrap";

// What a launch that joined a root of the daemon's says of itself.
inline constexpr char kJoinedEvidence[] = "=published";

// The arguments of a launch by a peer: `name` with `options`, then the program. None if there is no such
// peer.
std::vector<std::string> Peer(const std::string& name, const std::vector<std::string>& options,
                              const std::vector<std::string>& program);

// All variants of `program` (a path and its arguments) and of the same program as the pack's `entry`. The
// native launch comes first.
std::vector<Variant> MakeVariants(const Workspace& workspace, const Daemon& daemon,
                                  const std::vector<std::string>& program, const std::string& entry);

// Launches it until it is warm. Not OK if it fails or took another way than was meant.
absl::Status TryVariant(const Variant& variant);

// Measures each of `variants` that works (the first one, native, must), interleaved, report->rounds() times,
// and adds one LaunchTime for each to `*report`.
absl::Status MeasureVariants(const std::vector<Variant>& variants, pb::Comparison* report);

}  // namespace reloc::bench
