#include "reloc/job/output_reader.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "reloc/hosted/files.h"
#include "reloc/hosted/own_file.h"
#include "reloc/hosted/status.h"
#include "reloc/job/output_log.h"

namespace reloc {
namespace {

constexpr size_t kChunk = 64 * 1024;
// How often both files are opened again because they were rotated in between. A rotation means megabytes of
// output.
constexpr int kAttempts = 100;

absl::StatusOr<uint64_t> FileSize(int fd) {
  struct stat st;
  if (::fstat(fd, &st) != 0) return SystemError(errno, "cannot read the output");
  return static_cast<uint64_t>(st.st_size);
}

absl::StatusOr<size_t> ReadAt(int fd, uint64_t offset, char* memory, size_t size) {
  ssize_t got;
  do {
    got = ::pread(fd, memory, size, static_cast<off_t>(offset));
  } while (got < 0 && errno == EINTR);
  if (got < 0) return SystemError(errno, "cannot read the output");
  return static_cast<size_t>(got);
}

// Goes back from `end` over `*newlines` newlines and returns the offset after the last of them; 0 if there
// are fewer. Subtracts from `*newlines` those that were found.
absl::StatusOr<uint64_t> GoBack(int fd, uint64_t end, uint64_t* newlines) {
  std::string chunk(kChunk, '\0');
  while (end > 0) {
    uint64_t begin = end > kChunk ? end - kChunk : 0;
    RELOC_ASSIGN_OR_RETURN(size_t got, ReadAt(fd, begin, chunk.data(), static_cast<size_t>(end - begin)));
    for (size_t i = got; i > 0; --i) {
      if (chunk[i - 1] == '\n' && --*newlines == 0) return begin + i;
    }
    end = begin;
  }
  return 0;
}

absl::Status CopyRest(int from, uint64_t* offset, int output) {
  std::string chunk(kChunk, '\0');
  while (true) {
    RELOC_ASSIGN_OR_RETURN(size_t got, ReadAt(from, *offset, chunk.data(), chunk.size()));
    if (got == 0) return absl::OkStatus();
    if (Errno error = WriteAll(output, {chunk.data(), got}); !error.ok()) {
      return SystemError(error.value, "cannot write to standard output");
    }
    *offset += got;
  }
}

// Returns whether the file has a writer; `otherwise` if locks are not supported.
bool IsWritten(int fd, bool otherwise) {
  struct flock lock = {};
  lock.l_type = F_RDLCK;
  return ::fcntl(fd, F_OFD_GETLK, &lock) == 0 ? lock.l_type != F_UNLCK : otherwise;
}

// Detects when a file was written to, renamed or closed.
class Watch {
 public:
  static absl::StatusOr<Watch> Open() {
    Watch watch;
    watch.inotify_ = UniqueFd(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
    if (!watch.inotify_.valid()) return SystemError(errno, "cannot follow the output");
    return watch;
  }

  // Watches `fd`'s file, instead of the previous one.
  absl::Status Set(int fd) {
    if (watched_ >= 0) ::inotify_rm_watch(inotify_.get(), watched_);
    closed_ = false;
    timeout_ms_ = kFirstTimeoutMs;
    std::string path = absl::StrCat("/proc/self/fd/", fd);
    watched_ = ::inotify_add_watch(inotify_.get(), path.c_str(), IN_MODIFY | IN_CLOSE_WRITE | IN_MOVE_SELF);
    return watched_ >= 0 ? absl::OkStatus() : SystemError(errno, "cannot follow the output");
  }

  // Returns true when something happened, or false once `output` has no reader.
  bool Wait(int output) {
    struct pollfd fds[] = {{inotify_.get(), POLLIN, 0}, {output, 0, 0}};
    int ready = ::poll(fds, 2, timeout_ms_);
    timeout_ms_ = -1;
    if (ready > 0 && (fds[0].revents & POLLIN) != 0) Take();
    return ready <= 0 || fds[1].revents == 0;
  }

  // Returns whether the file's writer has closed it. The kernel reports this before it releases the writer's
  // lock.
  bool closed() const { return closed_; }

 private:
  // A writer that closed just before the watch was set may still have had its lock afterwards: check once
  // more.
  static constexpr int kFirstTimeoutMs = 100;

  void Take() {
    alignas(struct inotify_event) char events[4096];
    ssize_t size = ::read(inotify_.get(), events, sizeof events);
    for (ssize_t at = 0; at < size;) {
      struct inotify_event event;
      memcpy(&event, events + at, sizeof event);
      if (event.wd == watched_ && (event.mask & IN_CLOSE_WRITE) != 0) closed_ = true;
      at += static_cast<ssize_t>(sizeof event + event.len);
    }
  }

  UniqueFd inotify_;
  int watched_ = -1;
  bool closed_ = false;
  int timeout_ms_ = kFirstTimeoutMs;
};

}  // namespace

absl::StatusOr<OutputReader> OutputReader::Open(const std::string& dir, const std::string& id) {
  RELOC_ASSIGN_OR_RETURN(UniqueFd fd, reloc::OpenFile(dir, O_PATH | O_DIRECTORY | O_NOFOLLOW));
  OutputReader reader(std::move(fd), id);
  if (Errno error = reader.OpenBoth(&reader.older_, &reader.newest_); !error.ok()) {
    return SystemError(error.value, absl::StrCat("cannot read ", dir, "/", id));
  }
  return reader;
}

Result<OutputReader::File> OutputReader::OpenFile(const std::string& name) const {
  // O_NONBLOCK: a FIFO in place of the file must not block us.
  Result<UniqueFd> fd = OpenAt(dir_.get(), name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  if (!fd.ok()) return fd.error();
  if (!IsOwnFile(fd->get())) return Errno{EPERM};
  Result<FileId> id = Identify(fd->get());
  if (!id.ok()) return id.error();
  File file;
  file.fd = *std::move(fd);
  file.id = *id;
  return file;
}

// Opens two files that belong together: the newest was so before and after the older one was opened.
Errno OutputReader::OpenBoth(File* older, File* newest) const {
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    Result<File> first = OpenFile(id_);
    Result<File> second = OpenFile(RotatedOutput(id_));
    if (!first.ok() && first.error().value != ENOENT) return first.error();
    if (!first.ok() && !second.ok()) return first.error();
    if (!first.ok()) {  // between the two renames of a rotation: the full file is the newest
      *newest = *std::move(second);
      return kOk;
    }
    Result<FileId> still = IdentifyAt(dir_.get(), id_.c_str());
    if (!still.ok() || *still != first->id) continue;
    *newest = *std::move(first);
    if (second.ok()) *older = *std::move(second);
    return kOk;
  }
  return Errno{EBUSY};
}

absl::Status OutputReader::SkipToTail(uint64_t lines) {
  // The newline at the end of the last line does not begin another.
  RELOC_ASSIGN_OR_RETURN(newest_.offset, FileSize(newest_.fd.get()));
  bool in_older = older_.fd.valid();
  if (in_older) {
    RELOC_ASSIGN_OR_RETURN(older_.offset, FileSize(older_.fd.get()));
  }
  if (lines == 0) return absl::OkStatus();
  bool empty = newest_.offset == 0;
  File& last = empty && in_older ? older_ : newest_;
  char byte = 0;
  if (last.offset > 0) {
    RELOC_RETURN_IF_ERROR(ReadAt(last.fd.get(), last.offset - 1, &byte, 1).status());
  }
  uint64_t newlines = lines + (byte == '\n' ? 1 : 0);
  RELOC_ASSIGN_OR_RETURN(newest_.offset, GoBack(newest_.fd.get(), newest_.offset, &newlines));
  if (newlines == 0 || !in_older) return absl::OkStatus();
  RELOC_ASSIGN_OR_RETURN(older_.offset, GoBack(older_.fd.get(), older_.offset, &newlines));
  return absl::OkStatus();
}

absl::Status OutputReader::Copy(int output) {
  if (older_.fd.valid()) {
    RELOC_RETURN_IF_ERROR(CopyRest(older_.fd.get(), &older_.offset, output));
    older_ = {};
  }
  return CopyRest(newest_.fd.get(), &newest_.offset, output);
}

// Checks the lock first: a file that lost it by rotation has lost its name before.
OutputReader::State OutputReader::NewestState(bool closed, bool written) const {
  bool grows = !closed && IsWritten(newest_.fd.get(), written);
  Result<FileId> named = IdentifyAt(dir_.get(), id_.c_str());
  if (named.ok() && *named != newest_.id) return State::kFull;
  return grows ? State::kGrows : State::kClosed;
}

// Moves to the files after the one that was copied.
absl::Status OutputReader::Advance() {
  FileId copied = newest_.id;
  File older;
  File newest;
  if (Errno error = OpenBoth(&older, &newest); !error.ok()) {
    return SystemError(error.value, "cannot follow the output");
  }
  if (older.fd.valid() && older.id != copied) older_ = std::move(older);
  newest_ = std::move(newest);
  return absl::OkStatus();
}

absl::Status OutputReader::Follow(int output, bool written) {
  RELOC_ASSIGN_OR_RETURN(Watch watch, Watch::Open());
  RELOC_RETURN_IF_ERROR(watch.Set(newest_.fd.get()));
  while (true) {
    State state = NewestState(watch.closed(), written);  // before the copy, which so has the last bytes
    RELOC_RETURN_IF_ERROR(Copy(output));
    if (state == State::kClosed) return absl::OkStatus();
    if (state == State::kFull) {
      RELOC_RETURN_IF_ERROR(Advance());
      RELOC_RETURN_IF_ERROR(watch.Set(newest_.fd.get()));
    } else if (!watch.Wait(output)) {
      return absl::OkStatus();
    }
  }
}

}  // namespace reloc
