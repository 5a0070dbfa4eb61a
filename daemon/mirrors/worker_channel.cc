#include "daemon/mirrors/worker_channel.h"

#include <errno.h>
#include <sys/socket.h>

#include <string>

namespace reloc {
namespace {

constexpr size_t kMaxTaskBytes = 128 * 1024;

ssize_t Receive(int socket, void* memory, size_t size) {
  ssize_t got;
  do {
    got = ::recv(socket, memory, size, 0);
  } while (got < 0 && errno == EINTR);
  return got;
}

}  // namespace

bool WorkerChannel::ReceiveTask(relocd::v1::MirrorTask* task) {
  std::string bytes(kMaxTaskBytes, '\0');
  const ssize_t size = Receive(socket_.get(), bytes.data(), bytes.size());
  return size > 0 && task->ParseFromArray(bytes.data(), static_cast<int>(size));
}

bool WorkerChannel::Say(const relocd::v1::MirrorWord& word) {
  const std::string bytes = word.SerializeAsString();
  std::lock_guard lock(mutex_);
  ssize_t sent;
  do {
    sent = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
  } while (sent < 0 && errno == EINTR);
  return sent >= 0;
}

bool WorkerChannel::MayEvict(const std::string& name) {
  relocd::v1::MirrorWord question;
  question.set_may_evict(name);
  char answer = 0;
  return Say(question) && Receive(socket_.get(), &answer, 1) == 1 && answer == 1;
}

ProgressCallback WorkerChannel::progress() {
  return [this](const Progress& progress) {
    relocd::v1::MirrorWord word;
    word.mutable_progress()->set_stage(std::string(progress.stage));
    word.mutable_progress()->set_done(progress.done);
    word.mutable_progress()->set_total(progress.total);
    return Say(word);
  };
}

}  // namespace reloc
