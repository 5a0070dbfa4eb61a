#include "daemon/mirrors/worker_channel.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>

#include <string>
#include <utility>

#include "reloc/ipc/packet.h"

namespace reloc {
namespace {

constexpr size_t kMaxTaskBytes = 128 * 1024;
constexpr int kRetryMilliseconds = 50;  // where too many descriptors wait to be received

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
  struct pollfd readable = {socket_.get(), POLLIN, 0};
  while (::poll(&readable, 1, -1) < 0 && errno == EINTR) {
  }
  Packet packet;
  if (!ReceivePacket(socket_.get(), bytes, &packet).ok() || packet.size == 0) return false;
  if (packet.fds.size() == 1) watch_ = std::move(packet.fds[0]);
  return task->ParseFromArray(bytes.data(), static_cast<int>(packet.size));
}

bool WorkerChannel::Say(const relocd::v1::MirrorWord& word, std::span<const int> fds) {
  const std::string bytes = word.SerializeAsString();
  std::lock_guard lock(mutex_);
  Errno e;
  while (true) {
    e = SendPacket(socket_.get(), bytes, fds);
    const bool full = e.value == EAGAIN;
    if (!full && e.value != ETOOMANYREFS && e.value != EINTR) return e.ok();
    struct pollfd writable = {socket_.get(), static_cast<short>(full ? POLLOUT : 0), 0};
    (void)::poll(&writable, 1, full ? -1 : kRetryMilliseconds);
  }
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
