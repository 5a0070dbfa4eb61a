// The process that asks another user's daemon for root: relocctl itself, with that user's uid and no other
// rights.
//
// Root does not connect to another user's server, nor parse its messages. The helper does, as that user, and
// writes the result to standard output in records of fixed size (listed_job.h; ADR 0032).
#pragma once

namespace reloc {

inline constexpr char kListJobsHelper[] = "__list_jobs";

// Handles `relocctl __list_jobs UID running|all [NAME]...`, with names in /tmp, which main() calls. Returns
// the exit status, which is not used.
int ListJobsForRoot(int argc, char** argv);

}  // namespace reloc
