// A job of another user, as root receives it: bytes of a fixed layout.
//
// They come from a process with that user's uid (list_jobs_helper.h), and so from that user. Root parses no
// message of that user's daemon: here each field has a fixed place and size, and invalid ones are refused.
#pragma once

#include <stdint.h>

#include <cstddef>

#include "absl/status/statusor.h"
#include "proto/control.pb.h"

namespace reloc {

inline constexpr size_t kMaxListedJobs = 1000;       // of one user
inline constexpr size_t kMaxListedBytes = 1u << 20;  // the same

// The subject of a record.
enum class ListedKind : uint32_t {
  kJob = 1,
  kEnd = 2,  // the last one; `processes` is how many daemons have answered
  // and the state of a daemon:
  kSilent = 3,   // it does not answer
  kForeign = 4,  // its directory or its process belongs to another user
  kFailed = 5,   // it answers with something other than its jobs
  kTooMany = 6,  // it has more jobs than are listed
  kRefused = 7,  // the helper could not become that user
};

// Texts are NUL-terminated; the bytes after the NUL are ignored.
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

// Returns a record about a subject other than a job.
ListedJob MakeListed(ListedKind kind);
// Converts a job. Texts that are too long are truncated, and end in "...".
ListedJob ToListed(const relocd::v1::Job& job);

// Returns whether `record` has the format of this version.
bool IsListed(const ListedJob& record);
// Returns the job of the user `uid` that `record` describes. DataLoss if a field is not valid.
absl::StatusOr<relocd::v1::Job> FromListed(const ListedJob& record, uint32_t uid);

}  // namespace reloc
