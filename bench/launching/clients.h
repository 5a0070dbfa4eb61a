// Runs clients that start one program again and again, all at once, like a build or a batch of jobs on a
// node.
//
// Each client is a process of its own and starts its programs one after the other, so that a slow client
// delays no other, and only the programs are shared.
#pragma once

#include <stdint.h>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "bench/launching/command.h"

namespace reloc::bench {

inline constexpr int kClients = 8;

struct Burst {
  int64_t launches = 0;
  absl::Duration elapsed;    // until the last client had finished
  absl::Duration processor;  // CPU time of clients and programs
  double per_second() const { return static_cast<double>(launches) / absl::ToDoubleSeconds(elapsed); }
};

// Let `clients` clients launch `command` for `duration`, or `launches` times together. An error if one launch
// fails or the user interrupts.
absl::StatusOr<Burst> LaunchFor(const Command& command, int clients, absl::Duration duration);
absl::StatusOr<Burst> LaunchTimes(const Command& command, int clients, int64_t launches);

}  // namespace reloc::bench
