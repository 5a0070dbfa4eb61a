#include "reloc/pack/copy.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "absl/strings/str_cat.h"
#include "reloc/base/file.h"
#include "reloc/base/path.h"
#include "reloc/hosted/files.h"
#include "reloc/hosted/parallel.h"
#include "reloc/hosted/status.h"
#include "reloc/pack/contents.h"

namespace reloc {
namespace {

constexpr size_t kChunk = 8 << 20;  // between two of these, ^C takes effect and progress is shown

absl::Status CopyBytesByHand(int from, int to, const std::string& name, ProgressMeter* meter) {
  thread_local std::vector<char> buffer(256 << 10);
  for (;;) {
    Result<size_t> got = ReadAll(from, buffer);
    if (!got.ok()) return SystemError(got.error().value, absl::StrCat("cannot read ", name));
    Errno error = WriteAll(to, {buffer.data(), *got});
    if (!error.ok()) return SystemError(error.value, absl::StrCat("cannot write the copy of ", name));
    RELOC_RETURN_IF_ERROR(meter->Add(*got));
    if (*got < buffer.size()) return absl::OkStatus();
  }
}

// Copies the content. copy_file_range shares the blocks where the file system can, and copies in the kernel
// elsewhere.
absl::Status CopyBytes(int from, int to, const std::string& name, ProgressMeter* meter) {
  for (bool first = true;; first = false) {
    ssize_t copied = copy_file_range(from, nullptr, to, nullptr, kChunk, 0);
    if (copied > 0) {
      RELOC_RETURN_IF_ERROR(meter->Add(static_cast<uint64_t>(copied)));
    } else if (copied < 0 && errno == EINTR) {
      continue;
    } else if (first) {
      // Not between these file systems (EXDEV, EINVAL, ENOSYS, EOPNOTSUPP), or an empty or generated file,
      // for which it returns 0. read(2) shows which.
      return CopyBytesByHand(from, to, name, meter);
    } else if (copied == 0) {
      return absl::OkStatus();
    } else {
      return SystemError(errno, absl::StrCat("cannot copy ", name));
    }
  }
}

absl::Status SetModeAndTime(int fd, mode_t mode, int64_t mtime, const std::string& path) {
  const timespec times[2] = {{.tv_sec = mtime, .tv_nsec = 0}, {.tv_sec = mtime, .tv_nsec = 0}};
  // fchmod: the umask must not affect a pack.
  if (fchmod(fd, mode) == 0 && futimens(fd, times) == 0) return absl::OkStatus();
  return SystemError(errno, absl::StrCat("cannot set the attributes of ", path));
}

// A file of an item, and what is needed to copy it.
struct Job {
  std::string from;  // host path
  std::string to;    // host path
  std::string link;  // store path
  const TreeFile* file;
};

absl::Status CopyOne(const Job& job, std::string_view prefix, ProgressMeter* meter) {
  if (job.file->type == FileType::kSymlink) {
    RELOC_ASSIGN_OR_RETURN(std::string target, ReadSymlink(job.from));
    target = RelativeTarget(prefix, job.link, target);
    if (symlink(target.c_str(), job.to.c_str()) == 0) return absl::OkStatus();
    return SystemError(errno, absl::StrCat("cannot create symlink ", job.to));
  }
  RELOC_ASSIGN_OR_RETURN(UniqueFd from, OpenFile(job.from, O_RDONLY | O_NOFOLLOW | O_NONBLOCK));
  RELOC_ASSIGN_OR_RETURN(UniqueFd to, OpenFile(job.to, O_WRONLY | O_CREAT | O_EXCL, 0600));
  RELOC_RETURN_IF_ERROR(CopyBytes(from.get(), to.get(), job.from, meter));
  return SetModeAndTime(to.get(), job.file->mode & 0777, job.file->mtime, job.to);
}

absl::Status MakeDirectory(const Job& job) {
  mode_t mode = (job.file->mode & 0777) | 0700;
  if (mkdir(job.to.c_str(), mode) == 0 && chmod(job.to.c_str(), mode) == 0) return absl::OkStatus();
  return SystemError(errno, absl::StrCat("cannot create ", job.to));
}

}  // namespace

std::string RelativeTarget(std::string_view prefix, std::string_view link, std::string_view target) {
  if (!IsBelow(target, prefix)) return std::string(target);
  return std::filesystem::path(target).lexically_relative(DirName(link));
}

absl::Status CopyItems(const StoreLocation& from, const std::vector<ClosureItem>& items,
                       const std::string& to, const ProgressCallback& progress) {
  uint64_t total = 0;
  std::vector<Job> jobs;
  for (const ClosureItem& item : items) {
    total += TotalSize(item.files);
    for (const TreeFile& file : item.files) {
      std::string path = JoinPath(item.name, file.path);
      Job job{absl::StrCat(from.directory, "/", path), absl::StrCat(to, "/", path),
              absl::StrCat(from.prefix, "/", path), &file};
      if (file.type == FileType::kDirectory) {
        RELOC_RETURN_IF_ERROR(MakeDirectory(job));
      } else {
        jobs.push_back(std::move(job));
      }
    }
  }
  ProgressMeter meter(progress, "copying", total);
  return ParallelFor(jobs.size(), [&](size_t i) { return CopyOne(jobs[i], from.prefix, &meter); });
}

absl::Status CopyFile(const std::string& from, const std::string& to, mode_t mode) {
  ProgressMeter meter({}, "copying");
  RELOC_ASSIGN_OR_RETURN(UniqueFd source, OpenFile(from, O_RDONLY));
  RELOC_ASSIGN_OR_RETURN(UniqueFd target, OpenFile(to, O_WRONLY | O_CREAT | O_EXCL, 0600));
  RELOC_RETURN_IF_ERROR(CopyBytes(source.get(), target.get(), from, &meter));
  if (fchmod(target.get(), mode) != 0) return SystemError(errno, absl::StrCat("cannot chmod ", to));
  return absl::OkStatus();
}

}  // namespace reloc
