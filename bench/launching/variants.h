// The ways to start a program that are compared.
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
  std::vector<std::string> arguments;  // empty: another launcher that is not installed
  Environment environment;
  // What a launch must print with RELOC_DEBUG=1: otherwise a launch that fell back to another way would be
  // measured as the intended one.
  std::string evidence = {};
  double must = 0;  // as ratios to native; 0: no target
  double aim = 0;
};

inline constexpr char kNative[] = "native";
inline constexpr char kShimAlone[] = "shim";
inline constexpr char kBubblewrap[] = "bubblewrap";

// What a launch that joined one of the daemon's roots prints.
inline constexpr char kJoinedEvidence[] = "=published";

// Returns the arguments of a launch by another launcher: `name` with `options`, then the program. None if it
// is not installed.
std::vector<std::string> Peer(const std::string& name, const std::vector<std::string>& options,
                              const std::vector<std::string>& program);

// Returns all variants of `program` (a path and its arguments) and of the same program as the pack's `entry`.
// The native launch comes first.
std::vector<Variant> MakeVariants(const Workspace& workspace, const Daemon& daemon,
                                  const std::vector<std::string>& program, const std::string& entry);

// Launches it until it is warm. An error if it fails or did not go the intended way.
absl::Status TryVariant(const Variant& variant);

// Measures each of `variants` that works (the first one, native, must), interleaved, report->rounds() times,
// and adds one LaunchTime for each to `*report`.
absl::Status MeasureVariants(const std::vector<Variant>& variants, pb::Comparison* report);

}  // namespace reloc::bench
