// What happens in relocd that others want to know: history, metrics, `relocctl events`.
#pragma once

#include <string>

#include "absl/time/time.h"
#include "daemon/model/job.h"

namespace reloc {

struct Root;

enum class EventType {
  kLaunch,
  kExit,      // also death by signal, and endings that nobody saw
  kFallback,  // a launch that did not go the way that was tried first: job->reason
  kRootCreate,
  kRootEvict,
  kMirrorCreate,
  kMirrorEvict,
  kDaemonStart,
  kDaemonStop,
};
// "launch", "exit", "root_create", ...: what users see, stable.
const char* EventName(EventType type);

struct Event {
  EventType type;
  absl::Time time;
  // Of those about a job or a root; valid during the call that hands the event over.
  const Job* job = nullptr;
  const Root* root = nullptr;
  // For people, may be empty: why the daemon stops, why a root went.
  std::string text;
  // Of those about a mirror: its name, and the pack that it was made of.
  std::string mirror = {};
  std::string pack = {};
  // Of those about a root or a mirror that goes: why, as users see it ("unusable", "limit"); stable.
  std::string reason = {};
};

}  // namespace reloc
