#include "reloc/mirror/mirror_writer.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "reloc/base/file.h"
#include "reloc/fault/fault.h"
#include "reloc/hosted/files.h"
#include "reloc/hosted/parallel.h"
#include "reloc/hosted/status.h"
#include "reloc/mirror/checked_copy.h"
#include "reloc/mirror/directory_at.h"
#include "reloc/pack/manifest.h"
#include "reloc/pack/manifest_names.h"

namespace reloc {
namespace {

// A part is what one thread does at a time: so many files of a directory, or so many bytes.
constexpr size_t kPartFiles = 64;
constexpr uint64_t kPartBytes = 4 << 20;

struct Part {
  size_t directory;
  size_t begin, end;  // of its files
  uint64_t bytes;
};

void SplitDirectory(const MirrorPlan& plan, size_t directory, std::vector<Part>* parts) {
  const std::vector<PlannedFile>& files = plan.directories[directory].files;
  size_t begin = 0;
  do {  // a directory without files is a part too: its attributes are copied
    Part part{directory, begin, begin, 0};
    while (part.end < files.size() && part.end - begin < kPartFiles && part.bytes < kPartBytes) {
      part.bytes += files[part.end++].listed->size();
    }
    begin = part.end;
    parts->push_back(part);
  } while (begin < files.size());
}

absl::Status SetAttributes(int fd, const struct stat& from, mode_t mode, const std::string& path) {
  const timespec times[2] = {{.tv_sec = 0, .tv_nsec = UTIME_OMIT}, from.st_mtim};
  if (::fchmod(fd, mode) == 0 && ::futimens(fd, times) == 0) return absl::OkStatus();
  return SystemError(errno, absl::StrCat("cannot set the attributes of ", path));
}

// The directories of a part.
struct OpenPart {
  const PlannedDirectory& planned;
  std::string path;       // of the directory in the pack, for messages
  std::string made_path;  // of that in the mirror
  UniqueFd made{};
  UniqueFd donor{};  // invalid: none, or evicted by now
  UniqueFd pack{};   // opened when something is needed of it: the pack may be slow to reach
};

class Writer {
 public:
  Writer(const MirrorPlan& plan, const MirrorPlaces& places, ContentFilter* filter)
      : plan_(plan), places_(places), filter_(filter), parts_left_(plan.directories.size()) {}

  absl::Status Write(const ProgressCallback& progress) {
    RELOC_RETURN_IF_ERROR(MakeDirectories());
    std::vector<Part> parts;
    for (size_t i = 0; i < plan_.directories.size(); ++i) SplitDirectory(plan_, i, &parts);
    for (const Part& part : parts) ++parts_left_[part.directory];
    // The largest first: none is left alone with one at the end.
    std::stable_sort(parts.begin(), parts.end(),
                     [](const Part& a, const Part& b) { return a.bytes > b.bytes; });
    ProgressMeter meter(progress, "mirroring", plan_.bytes);
    return ParallelFor(parts.size(), [&](size_t i) { return WritePart(parts[i], &meter); });
  }

 private:
  absl::Status MakeDirectories() const {
    for (const PlannedDirectory& directory : plan_.directories) {
      if (fault::Fails(fault::Point::kMirrorDirectory) ||
          ::mkdirat(places_.mirror, directory.path.c_str(), 0700) != 0) {
        return SystemError(errno, absl::StrCat("cannot create ", places_.mirror_path, "/", directory.path));
      }
    }
    return absl::OkStatus();
  }

  absl::Status WritePart(const Part& part, ProgressMeter* meter) {
    RELOC_RETURN_IF_ERROR(meter->Add(0));  // a sign of life where files are small and the pack is slow
    const PlannedDirectory& directory = plan_.directories[part.directory];
    OpenPart open{directory, absl::StrCat(places_.pack_path, "/", directory.path),
                  absl::StrCat(places_.mirror_path, "/", directory.path)};
    RELOC_ASSIGN_OR_RETURN(open.made, OpenBelow(places_.mirror, directory.path, places_.mirror_path));
    if (!directory.donor.empty()) {
      absl::StatusOr<UniqueFd> donor = OpenBelow(places_.mirrors, directory.donor, places_.mirrors_path);
      if (donor.ok()) open.donor = *std::move(donor);
    }
    for (size_t i = part.begin; i < part.end; ++i) {
      RELOC_RETURN_IF_ERROR(WriteFile(directory.files[i], &open, meter));
    }
    if (--parts_left_[part.directory] > 0) return absl::OkStatus();
    return FinishDirectory(&open);
  }

  // Nothing is made in it any more: what is below it has been there from the start.
  absl::Status FinishDirectory(OpenPart* open) const {
    if (!open->donor.valid()) RELOC_RETURN_IF_ERROR(OpenPack(open));
    struct stat st;
    if (::fstat(open->donor.valid() ? open->donor.get() : open->pack.get(), &st) != 0) {
      return SystemError(errno, absl::StrCat("cannot stat ", open->path));
    }
    return SetAttributes(open->made.get(), st, (st.st_mode & 0777) | 0700, open->made_path);
  }

  absl::Status OpenPack(OpenPart* open) const {
    if (open->pack.valid()) return absl::OkStatus();
    RELOC_ASSIGN_OR_RETURN(open->pack, OpenBelow(places_.pack, open->planned.path, places_.pack_path));
    return absl::OkStatus();
  }

  absl::Status WriteFile(const PlannedFile& file, OpenPart* open, ProgressMeter* meter) {
    if (file.listed->type() == pb::File::SYMLINK) return WriteLink(file, *open);
    if (filter_ != nullptr && !open->planned.item.empty()) return WriteFiltered(file, open, meter);
    if (IsLinked(file, *open)) return meter->Add(file.listed->size());
    RELOC_RETURN_IF_ERROR(OpenPack(open));
    RELOC_ASSIGN_OR_RETURN(SourceFile source,
                           OpenSource(open->pack.get(), file.name, *file.listed, open->path));
    RELOC_ASSIGN_OR_RETURN(UniqueFd to, Create(file, *open));
    const std::string path = absl::StrCat(open->made_path, "/", file.name);
    RELOC_RETURN_IF_ERROR(CopyChecked(source, *file.listed, to.get(), path, meter));
    return SetAttributes(to.get(), source.st, source.st.st_mode & 0777, path);
  }

  // The list says what a symlink is, and the digest that the list is right: the pack's need not be read.
  absl::Status WriteLink(const PlannedFile& file, const OpenPart& open) const {
    RELOC_ASSIGN_OR_RETURN(std::string target, UnescapeName(file.listed->target()));
    if (filter_ != nullptr && !open.planned.item.empty()) {
      RELOC_ASSIGN_OR_RETURN(target, filter_->FilterLink({open.planned.item, file.path}, target));
      file.listed->set_target(EscapeName(target));
    }
    if (::symlinkat(target.c_str(), open.made.get(), file.name.c_str()) == 0) return absl::OkStatus();
    return SystemError(errno, absl::StrCat("cannot create symlink ", open.made_path, "/", file.name));
  }

  // Shares the donor's file, if it is what it should be. False, and nothing done, where it is not, where it
  // has all the links that a file can have, or has been evicted.
  static bool IsLinked(const PlannedFile& file, const OpenPart& open) {
    struct stat st;
    if (!open.donor.valid() ||
        ::fstatat(open.donor.get(), file.name.c_str(), &st, AT_SYMLINK_NOFOLLOW) != 0 ||
        !S_ISREG(st.st_mode) || st.st_uid != ::geteuid() ||
        static_cast<uint64_t>(st.st_size) != file.listed->size() ||
        ((st.st_mode & 0100) != 0) != file.listed->executable()) {
      return false;
    }
    return !fault::Fails(fault::Point::kMirrorLink) &&
           ::linkat(open.donor.get(), file.name.c_str(), open.made.get(), file.name.c_str(), 0) == 0;
  }

  static absl::StatusOr<UniqueFd> Create(const PlannedFile& file, const OpenPart& open) {
    Result<UniqueFd> fd = OpenAt(open.made.get(), file.name.c_str(), O_WRONLY | O_CREAT | O_EXCL, 0600);
    if (fd.ok()) return *std::move(fd);
    return SystemError(fd.error().value, absl::StrCat("cannot create ", open.made_path, "/", file.name));
  }

  absl::Status WriteFiltered(const PlannedFile& file, OpenPart* open, ProgressMeter* meter) {
    // Large ones one at a time, since they are in memory.
    std::unique_lock lock(large_, std::defer_lock);
    if (file.listed->size() > kLargeFile) lock.lock();
    SourceFile source;
    RELOC_ASSIGN_OR_RETURN(std::string bytes, ReadFiltered(file, open, &source, meter));
    RELOC_ASSIGN_OR_RETURN(
        bool changed,
        filter_->FilterFile({open->planned.item, file.path, file.listed->executable()}, &bytes));
    if (!changed && IsLinked(file, *open)) return absl::OkStatus();
    RELOC_ASSIGN_OR_RETURN(UniqueFd to, Create(file, *open));
    const std::string path = absl::StrCat(open->made_path, "/", file.name);
    RELOC_RETURN_IF_ERROR(WriteListed(bytes, to.get(), path, file.listed));
    return SetAttributes(to.get(), source.st, source.st.st_mode & 0777, path);
  }

  // From the donor, which is on this host's disk, if that is what it should be.
  absl::StatusOr<std::string> ReadFiltered(const PlannedFile& file, OpenPart* open, SourceFile* source,
                                           ProgressMeter* meter) const {
    if (open->donor.valid()) {
      absl::StatusOr<SourceFile> donated =
          OpenSource(open->donor.get(), file.name, *file.listed, open->planned.donor);
      if (donated.ok()) {
        *source = *std::move(donated);
        absl::StatusOr<std::string> bytes = ReadChecked(*source, *file.listed, meter);
        if (bytes.ok() || absl::IsCancelled(bytes.status())) return bytes;
      }
    }
    RELOC_RETURN_IF_ERROR(OpenPack(open));
    RELOC_ASSIGN_OR_RETURN(*source, OpenSource(open->pack.get(), file.name, *file.listed, open->path));
    return ReadChecked(*source, *file.listed, meter);
  }

  static constexpr uint64_t kLargeFile = 64 << 20;

  const MirrorPlan& plan_;
  const MirrorPlaces& places_;
  ContentFilter* const filter_;
  std::vector<std::atomic<size_t>> parts_left_;  // by directory
  std::mutex large_;
};

}  // namespace

absl::Status WriteMirror(const MirrorPlan& plan, const MirrorPlaces& places, ContentFilter* filter,
                         const ProgressCallback& progress) {
  return Writer(plan, places, filter).Write(progress);
}

}  // namespace reloc
