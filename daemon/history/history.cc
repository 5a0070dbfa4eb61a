#include "daemon/history/history.h"

#include <malloc.h>
#include <sys/random.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <iterator>
#include <mutex>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "daemon/base/log.h"
#include "daemon/model/messages.h"

namespace reloc {
namespace {

using std::chrono::milliseconds;

constexpr size_t kMaxQueued = 4096;
// Is written at once. Ids are random, so that each batch writes most pages of their index: with 256, launches
// in a crowd paid for four times as many.
constexpr size_t kBatch = 1024;
constexpr milliseconds kGathering = milliseconds(500);  // what is less waits for more
constexpr milliseconds kLinger = milliseconds(3000);
constexpr milliseconds kPatienceAtEnd = milliseconds(1000);

}  // namespace

int64_t NewDaemonNumber() {
  int64_t number = 0;
  [[maybe_unused]] ssize_t got = ::getrandom(&number, sizeof number, 0);
  return number;
}

struct History::Shared {
  explicit Shared(std::unique_ptr<HistoryWriter> w) : writer(std::move(w)) {}

  // The thread. It leaves some seconds after the last thing was written, or could not be.
  void Run();

  // With the mutex held:
  bool has_work() const { return taken > std::max(tried, settled) || (hurried && taken > settled); }
  bool AwaitWork(std::unique_lock<std::mutex>* lock);
  void WriteBatch(std::unique_lock<std::mutex>* lock);
  void Return(std::vector<HistoryItem> batch);
  void Trim();
  void Note(const absl::Status& written);

  const std::unique_ptr<HistoryWriter> writer;  // the thread's

  // Not Abseil's: see Mailbox.
  std::mutex mutex;
  std::condition_variable changed;
  // All below by mutex.
  std::deque<HistoryItem> queue;
  uint64_t taken = 0;    // items, ever
  uint64_t settled = 0;  // of them written or lost
  uint64_t tried = 0;    // of them in the queue when an attempt failed: not again before there are more
  uint64_t lost = 0;     // since the last success
  bool running = false;  // the thread
  bool writing = false;
  uint64_t attempts = 0;
  bool hurried = false;  // somebody waits
  bool stopped = false;
  absl::Status status;  // of the last attempt
};

void History::Shared::Run() {
  std::unique_lock lock(mutex);
  do {
    while (AwaitWork(&lock)) WriteBatch(&lock);
    // Writes too, and so not under the lock; meanwhile there may be news.
    lock.unlock();
    writer->Close();
    lock.lock();
  } while (has_work());
  running = false;
  changed.notify_all();
}

bool History::Shared::AwaitWork(std::unique_lock<std::mutex>* lock) {
  changed.wait_for(*lock, kLinger, [this] { return has_work() || stopped; });
  if (!has_work()) return false;
  changed.wait_for(*lock, kGathering, [this] { return hurried || queue.size() >= kBatch; });
  return true;
}

void History::Shared::WriteBatch(std::unique_lock<std::mutex>* lock) {
  std::vector<HistoryItem> batch(std::make_move_iterator(queue.begin()),
                                 std::make_move_iterator(queue.end()));
  queue.clear();
  hurried = false;
  writing = true;
  const uint64_t at_most = taken;
  lock->unlock();
  absl::Status written = writer->Write(batch);
  const size_t count = batch.size();
  if (written.ok()) batch = {};
  // A burst, such as a disk that is slow for a moment leaves behind, would stay in relocd's memory for ever.
  if (count > kBatch) ::malloc_trim(0);
  lock->lock();
  writing = false;
  ++attempts;
  tried = written.ok() ? 0 : at_most;
  if (written.ok()) {
    settled += count;
  } else {
    Return(std::move(batch));
  }
  Note(written);
  changed.notify_all();
}

void History::Shared::Return(std::vector<HistoryItem> batch) {
  queue.insert(queue.begin(), std::make_move_iterator(batch.begin()), std::make_move_iterator(batch.end()));
  Trim();
}

void History::Shared::Trim() {
  for (; queue.size() > kMaxQueued; queue.pop_front()) {
    ++settled;
    ++lost;
  }
}

// Says once that nothing is written, and once that all is well again.
void History::Shared::Note(const absl::Status& written) {
  if (!written.ok() && status.ok()) {
    LogWarning(absl::StrCat("the history is not written: ", written.message(),
                            "; nothing else is affected, and it is tried again"));
  }
  if (written.ok() && !status.ok()) {
    LogInfo(absl::StrCat("the history is written again; ", lost, " entries are lost"));
    lost = 0;
  }
  status = written;
}

History::History(EventBus* events, int64_t daemon, std::unique_ptr<HistoryWriter> writer)
    : daemon_(daemon), shared_(std::make_shared<Shared>(std::move(writer))) {
  events->Subscribe([this](const Event& event) { Take(event); });
}

History::~History() { Finish(); }

void History::Finish() {
  Hurry();
  if (!writer_.joinable()) return;
  std::unique_lock lock(shared_->mutex);
  shared_->stopped = true;
  shared_->changed.notify_all();
  bool ended = shared_->changed.wait_for(lock, kPatienceAtEnd, [this] { return !shared_->running; });
  lock.unlock();
  ended ? writer_.join() : writer_.detach();
}

void History::Keep(const Job& job) {
  HistoryItem item;
  *item.event.mutable_job() = ToMessage(job);
  item.job_ended = true;
  Push(std::move(item));
}

void History::Take(const Event& event) {
  HistoryItem item;
  item.event = ToMessage(event);
  item.number = ++last_number_;
  item.job_ended = event.type == EventType::kExit;
  Push(std::move(item));
}

void History::Push(HistoryItem item) {
  std::lock_guard lock(shared_->mutex);
  shared_->queue.push_back(std::move(item));
  ++shared_->taken;
  shared_->Trim();
  // It looks by itself for what comes between.
  bool wake = shared_->queue.size() == 1 || shared_->queue.size() == kBatch || !shared_->status.ok();
  if (shared_->running && wake) shared_->changed.notify_all();
  if (!shared_->running) StartWriter();
}

void History::Hurry() {
  std::lock_guard lock(shared_->mutex);
  if (shared_->settled == shared_->taken) return;
  shared_->hurried = true;
  shared_->running ? shared_->changed.notify_all() : StartWriter();
}

void History::StartWriter() {
  if (writer_.joinable()) writer_.join();  // it has left, and takes no lock any more
  try {
    writer_ = std::thread([shared = shared_] { shared->Run(); });
    shared_->running = true;
  } catch (const std::system_error& error) {
    // A limit on the user's processes. The next event tries again.
    shared_->Note(absl::UnavailableError(absl::StrCat("no thread for it: ", error.what())));
  }
}

absl::Status History::written() const {
  std::lock_guard lock(shared_->mutex);
  return shared_->status;
}

absl::Status History::Await(absl::Duration patience) const {
  std::unique_lock lock(shared_->mutex);
  const uint64_t wanted = shared_->taken;
  // An attempt that is under way may be without the last items.
  const uint64_t attempts = shared_->attempts + (shared_->writing ? 2 : 1);
  shared_->changed.wait_for(lock, absl::ToChronoMilliseconds(patience), [&] {
    return shared_->settled >= wanted || shared_->attempts >= attempts || !shared_->running;
  });
  if (shared_->settled >= wanted) return absl::OkStatus();
  return shared_->status.ok() ? absl::DeadlineExceededError("its disk does not answer") : shared_->status;
}

}  // namespace reloc
