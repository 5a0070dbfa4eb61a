#include "daemon/proc/stall_guard.h"

#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <system_error>
#include <thread>

#include "daemon/base/timer.h"
#include "reloc/hosted/child_task.h"

namespace reloc {
namespace {

// More are not worth their threads: what is not read by then is left out.
constexpr size_t kMaxWaiting = 64;

// On a busy host a thread may be slow because it does not get a processor.
bool MayGoOn(pid_t thread) { return thread == 0 || IsRunnable(thread); }

}  // namespace

struct StallGuard::State {
  std::mutex mutex;
  absl::flat_hash_map<pid_t, size_t> waiting;  // threads that were left behind, by what they read
  size_t threads = 0;                          // the sum of these
};

// Everything by State::mutex.
struct StallGuard::Round {
  std::vector<pid_t> pids;
  std::function<Keep(pid_t)> read;
  size_t at = 0;            // the next in `pids`
  pid_t thread = 0;         // that reads; 0: it was not scheduled yet
  std::vector<pid_t> left;  // what each thread was left behind with, in their order
  bool done = false;
  std::condition_variable ended;
};

StallGuard::StallGuard(absl::Duration stall, absl::Duration all)
    : stall_(stall), all_(all), state_(std::make_shared<State>()) {
  Begin();
}

StallGuard::~StallGuard() = default;

void StallGuard::Begin() {
  deadline_ = MonotonicNow() + all_;
  complete_ = true;
}

void StallGuard::Run(std::vector<pid_t> pids, size_t waiting, std::function<Keep(pid_t)> read) {
  auto round = std::make_shared<Round>();
  {
    std::lock_guard lock(state_->mutex);
    for (pid_t pid : pids) {
      auto found = state_->waiting.find(pid);
      if (found == state_->waiting.end() || found->second < waiting) round->pids.push_back(pid);
    }
  }
  if (round->pids.size() < pids.size()) complete_ = false;
  if (round->pids.empty()) return;
  round->read = std::move(read);
  ActForProgram(round);
}

// Looks now and then whether the thread gets on, which costs less than to be woken for each process.
void StallGuard::ActForProgram(const std::shared_ptr<Round>& round) {
  auto pause = absl::ToChronoMilliseconds(stall_ / 3);
  bool running = StartThread(round);
  size_t before = round->pids.size();  // where it was one look ago
  int looks = 0;                       // at which it waited there
  std::unique_lock lock(state_->mutex);
  while (running && !round->ended.wait_for(lock, pause, [&] { return round->done; })) {
    const bool late = MonotonicNow() >= deadline_;
    const bool waits = std::exchange(before, round->at) == round->at && !MayGoOn(round->thread);
    looks = waits ? looks + 1 : 0;
    // Once it may wait for the lock that we have.
    if (!late && looks < 2) continue;
    complete_ = false;
    looks = 0;
    round->left.push_back(round->pids[round->at++]);
    ++state_->waiting[round->left.back()];
    ++state_->threads;
    before = round->pids.size();
    round->thread = 0;
    pause = absl::ToChronoMilliseconds(stall_ / 10);  // where one hangs there are often more
    if (late || round->at == round->pids.size() || state_->threads >= kMaxWaiting) break;
    lock.unlock();
    running = StartThread(round);
    lock.lock();
  }
  // Where a thread could not be started, too.
  if (!round->done && round->at < round->pids.size()) complete_ = false;
}

bool StallGuard::StartThread(const std::shared_ptr<Round>& round) {
  const size_t number = round->left.size();  // which nobody else changes
  try {
    std::thread(Read, state_, round, number).detach();
    return true;
  } catch (const std::system_error&) {
    return false;
  }
}

// The thread of that number in its round.
void StallGuard::Read(const std::shared_ptr<State>& state, const std::shared_ptr<Round>& round,
                      size_t number) {
  std::unique_lock lock(state->mutex);
  if (round->left.size() == number) round->thread = ::gettid();
  while (round->left.size() == number && round->at < round->pids.size()) {
    const pid_t pid = round->pids[round->at];
    lock.unlock();
    Keep keep = round->read(pid);
    lock.lock();
    if (round->left.size() != number) break;
    keep();
    ++round->at;
  }
  if (round->left.size() == number) {
    round->done = true;
    round->ended.notify_one();
    return;
  }
  const pid_t pid = round->left[number];
  if (--state->waiting[pid] == 0) state->waiting.erase(pid);
  --state->threads;
}

}  // namespace reloc
