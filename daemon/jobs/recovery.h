// What a new daemon learns of the jobs of the one before it, whether that was stopped, killed or replaced.
//
// A process is known again by its identity within this boot, never by its number alone. Of one that is gone
// the launcher tells how it ended, if it had one; else nobody can, and the job is lost.
#pragma once

#include <functional>

#include "daemon/jobs/job_table.h"
#include "daemon/jobs/journal.h"

namespace reloc {

// Fills `*jobs`, which is empty, from the journal in `daemon_dir` (a descriptor), watches those that run, and
// has them kept in `journal` from then on. Those that ended while no daemon ran end now, as the table's
// events say; jobs that had ended before are handed to `on_ended`.
void RecoverJobs(int daemon_dir, Journal* journal, JobTable* jobs,
                 const std::function<void(const Job&)>& on_ended);

}  // namespace reloc
