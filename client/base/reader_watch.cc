#include "client/base/reader_watch.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <system_error>
#include <utility>

namespace reloc {
namespace {

// Errors and hang-ups are always reported, see poll(2).
constexpr struct pollfd kReader = {STDOUT_FILENO, 0, 0};

void Watch(int end, const std::function<void()>& on_gone) {
  struct pollfd entries[] = {kReader, {end, POLLIN, 0}};
  if (::poll(entries, 2, -1) > 0 && entries[0].revents != 0 && entries[1].revents == 0) on_gone();
}

}  // namespace

bool ReaderGoneWithin(absl::Duration at_most) {
  struct pollfd entry = kReader;
  return ::poll(&entry, 1, static_cast<int>(absl::ToInt64Milliseconds(at_most))) > 0;
}

ReaderWatch::ReaderWatch(std::function<void()> on_gone) : end_(::eventfd(0, EFD_CLOEXEC)) {
  // No descriptors left: writing the next line will end the command.
  if (!end_.valid()) return;
  try {
    thread_ = std::thread([end = end_.get(), gone = std::move(on_gone)] { Watch(end, gone); });
  } catch (const std::system_error&) {  // no threads left: the same
  }
}

ReaderWatch::~ReaderWatch() {
  if (!thread_.joinable()) return;
  (void)::eventfd_write(end_.get(), 1);  // cannot fail: it was 0
  thread_.join();
}

}  // namespace reloc
