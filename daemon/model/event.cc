#include "daemon/model/event.h"

namespace reloc {

const char* EventName(EventType type) {
  switch (type) {
    case EventType::kLaunch:
      return "launch";
    case EventType::kExit:
      return "exit";
    case EventType::kFallback:
      return "fallback";
    case EventType::kRootCreate:
      return "root_create";
    case EventType::kRootEvict:
      return "root_evict";
    case EventType::kMirrorCreate:
      return "mirror_create";
    case EventType::kMirrorEvict:
      return "mirror_evict";
    case EventType::kDaemonStart:
      return "daemon_start";
    case EventType::kDaemonStop:
      return "daemon_stop";
  }
  return "unknown";
}

}  // namespace reloc
