// A job as root learns of it from another user: bytes of a fixed layout.
//
// They come from a process that has that user's uid (list_jobs_helper.h), and so from that user. Root parses
// no message of his daemon's: here each field has its place and its size, and what is not as it must be is
// refused.
#pragma once

#include <stdint.h>

#include <cstddef>

#include "absl/status/statusor.h"
#include "proto/control.pb.h"

namespace reloc {

inline constexpr size_t kMaxListedJobs = 1000;       // of one user
inline constexpr size_t kMaxListedBytes = 1u << 20;  // the same

// What a record is about.
enum class ListedKind : uint32_t {
  kJob = 1,
  kEnd = 2,  // the last one; `processes` is how many daemons have answered
  // And what there is to say of a daemon:
  kSilent = 3,   // it does not answer
  kForeign = 4,  // its directory or its process is somebody else's
  kFailed = 5,   // it says something else than its jobs
  kTooMany = 6,  // it has more jobs than are listed
  kRefused = 7,  // the helper could not become that user
};

// Texts are NUL-terminated; what is behind the NUL does not matter.
struct ListedJob {
  uint32_t magic;
  ListedKind kind;
  int32_t pid;
  uint32_t state;
  uint32_t known;  // bits: kHasExitCode, …
  int32_t exit_code;
  int32_t signal;
  uint32_t processes;
  int64_t started_ns;  // since 1970
  int64_t ended_ns;
  uint64_t rss_bytes;
  double cpu_seconds;
  char id[32];
  char name[64];
  char engine[16];
  char placement[16];
  char slurm_job[24];
  char mirror[80];
  char fallback_reason[24];
  char pack[192];
  char program[192];
  char argv[316];  // each argument NUL-terminated
  uint32_t argv_size;
};
static_assert(sizeof(ListedJob) == 1024);
static_assert(kMaxListedJobs * sizeof(ListedJob) <= kMaxListedBytes);

// A record about something else than a job.
ListedJob MakeListed(ListedKind kind);
// Texts that are too long are cut, and end in "...".
ListedJob ToListed(const relocd::v1::Job& job);

// Returns whether `record` has the format of this version.
bool IsListed(const ListedJob& record);
// The job of the user `uid` that `record` describes. DataLoss if a field is not as a daemon would fill it.
absl::StatusOr<relocd::v1::Job> FromListed(const ListedJob& record, uint32_t uid);

}  // namespace reloc
