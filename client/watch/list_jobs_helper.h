// The process that asks another user's daemon for root: relocctl itself, with that user's uid and nothing
// else.
//
// Root does not connect to what another user serves, nor parse it. The helper does, as that user, and writes
// what it learns to standard output in records of fixed size (listed_job.h; ADR 0032).
#pragma once

namespace reloc {

inline constexpr char kListJobsHelper[] = "__list_jobs";

// `relocctl __list_jobs UID running|all [NAME]...`, with names in /tmp: what main() then does. Returns the
// exit status, which nobody needs.
int ListJobsForRoot(int argc, char** argv);

}  // namespace reloc
