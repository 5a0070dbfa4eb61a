// What a worker does: see proto/mirror_task.proto.
#pragma once

#include "daemon/mirrors/worker_channel.h"

namespace reloc {

// Does it, and tells the result.
void DoMirrorTask(const relocd::v1::MirrorTask& task, WorkerChannel* channel);

}  // namespace reloc
