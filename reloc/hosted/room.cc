#include "reloc/hosted/room.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>

#include <mutex>
#include <vector>

#include "absl/strings/str_cat.h"
#include "reloc/base/unique_fd.h"

namespace reloc {
namespace {

absl::Status CheckDescriptors(size_t count) {
  std::vector<UniqueFd> trial(count);
  for (UniqueFd& fd : trial) {
    fd.Reset(::open("/", O_PATH | O_CLOEXEC));
    if (!fd.valid())
      return absl::ResourceExhaustedError(
          absl::StrCat("no descriptors left: ", strerror(errno), "; see ulimit -n"));
  }
  return absl::OkStatus();
}

// Ends when the mutex is free.
void* Wait(void* mutex) {
  const std::lock_guard lock(*static_cast<std::mutex*>(mutex));
  return nullptr;
}

absl::Status CheckThreads(size_t count) {
  std::mutex mutex;
  std::vector<pthread_t> threads;
  int error = 0;
  {
    const std::lock_guard lock(mutex);
    while (error == 0 && threads.size() < count) {
      pthread_t thread;
      error = ::pthread_create(&thread, nullptr, Wait, &mutex);
      if (error == 0) threads.push_back(thread);
    }
  }
  for (const pthread_t thread : threads) ::pthread_join(thread, nullptr);
  if (error == 0) return absl::OkStatus();
  return absl::ResourceExhaustedError(
      absl::StrCat("no threads left: ", strerror(error), "; see ulimit -u and ulimit -v"));
}

}  // namespace

absl::Status CheckRoom(size_t threads, size_t descriptors) {
  absl::Status room = CheckDescriptors(descriptors);
  return room.ok() ? CheckThreads(threads) : room;
}

}  // namespace reloc
