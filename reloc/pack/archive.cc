#include "reloc/pack/archive.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>

#include <algorithm>
#include <filesystem>
#include <memory>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "reloc/base/file.h"
#include "reloc/base/path.h"
#include "reloc/hosted/files.h"
#include "reloc/hosted/status.h"
#include "reloc/hosted/tree.h"
#include "reloc/pack/contents.h"
#include "reloc/pack/manifest.h"
#include "reloc/pack/squashfs.h"

namespace reloc {
namespace {

constexpr std::pair<absl::string_view, PackFormat> kSupported[] = {{".tar", PackFormat::kTar},
                                                                   {".tar.gz", PackFormat::kTarGz},
                                                                   {".tar.zst", PackFormat::kTarZst},
                                                                   {".sqfs", PackFormat::kSquashfs}};

// Suffixes that are hardly meant for a directory. In lower case; the supported ones are listed for other
// spellings.
constexpr absl::string_view kUnsupported[] = {
    ".tar",  ".gz",  ".zst", ".xz",  ".bz2",  ".lz",  ".lz4",  ".lzma", ".lzo",      ".z",
    ".tgz",  ".txz", ".tbz", ".tb2", ".tbz2", ".tlz", ".tzst", ".zip",  ".7z",       ".rar",
    ".cpio", ".rpm", ".deb", ".sif", ".img",  ".iso", ".run",  ".sqfs", ".squashfs", ".appimage"};

struct FreeArchive {
  void operator()(struct archive* archive) const { archive_write_free(archive); }
  void operator()(archive_entry* entry) const { archive_entry_free(entry); }
};
using UniqueArchive = std::unique_ptr<struct archive, FreeArchive>;
using UniqueEntry = std::unique_ptr<archive_entry, FreeArchive>;

constexpr char kShim[] = ".reloc/shim";

class ArchiveWriter {
 public:
  ArchiveWriter(std::string pack, PackFormat format, std::string archive, std::string store)
      : pack_(std::move(pack)),
        format_(format),
        name_(std::move(archive)),
        store_(std::move(store)),
        out_(archive_write_new()) {}

  // `fd`: to write to; must outlive the writer.
  absl::Status Open(int fd) {
    // gnutar: it keeps long names and names that are not UTF-8; pax would need a locale that has them.
    RELOC_RETURN_IF_ERROR(Check(archive_write_set_format_gnutar(out_.get())));
    if (format_ == PackFormat::kTarGz) {
      RELOC_RETURN_IF_ERROR(Check(archive_write_add_filter_gzip(out_.get())));
      // Otherwise gzip's header contains the current time.
      RELOC_RETURN_IF_ERROR(Check(archive_write_set_filter_option(out_.get(), "gzip", "timestamp", nullptr)));
    } else if (format_ == PackFormat::kTarZst) {
      RELOC_RETURN_IF_ERROR(Check(archive_write_add_filter_zstd(out_.get())));
    }
    return Check(archive_write_open_fd(out_.get(), fd));
  }

  absl::Status Add(const TreeFile& file, ProgressMeter* meter) {
    bool link = IsEntry(file);
    UniqueEntry entry(archive_entry_new());
    archive_entry_set_pathname(entry.get(), file.path.c_str());
    archive_entry_set_perm(entry.get(), Mode(file));
    archive_entry_set_mtime(entry.get(), KeepsTime(file) ? file.mtime : 1, 0);
    if (link) {
      archive_entry_set_filetype(entry.get(), AE_IFREG);
      archive_entry_set_hardlink(entry.get(), kShim);
    } else {
      RELOC_RETURN_IF_ERROR(SetType(file, entry.get()));
    }
    RELOC_RETURN_IF_ERROR(Check(archive_write_header(out_.get(), entry.get())));
    if (link || file.type != FileType::kRegular) return absl::OkStatus();
    return AddContent(file, meter);
  }

  absl::Status Close() { return Check(archive_write_close(out_.get())); }

 private:
  static bool IsEntry(const TreeFile& file) {
    return file.type == FileType::kRegular && DirName(file.path) == "bin";
  }
  bool InItem(const TreeFile& file) const { return IsBelow(file.path, store_) && file.path != store_; }
  // The mode of the files that relocd made came from the umask.
  mode_t Mode(const TreeFile& file) const {
    if (file.type == FileType::kSymlink) return 0777;
    if (InItem(file)) return format_ == PackFormat::kSquashfs ? ForAll(file.mode & 0777) : file.mode & 0777;
    return file.type == FileType::kDirectory || file.executable() ? 0755 : 0644;
  }
  // Users of an image do not own its files: everybody may read and execute what the owner may.
  static mode_t ForAll(mode_t mode) { return mode | (mode & 0500) >> 3 | (mode & 0500) >> 6; }
  // Python compares the times of .py files with those in .pyc files. Directories have the time when they were
  // written.
  bool KeepsTime(const TreeFile& file) const { return file.type == FileType::kRegular && InItem(file); }

  absl::Status SetType(const TreeFile& file, archive_entry* entry) {
    switch (file.type) {
      case FileType::kRegular:
        archive_entry_set_filetype(entry, AE_IFREG);
        archive_entry_set_size(entry, static_cast<int64_t>(file.size));
        break;
      case FileType::kDirectory:
        archive_entry_set_filetype(entry, AE_IFDIR);
        break;
      case FileType::kSymlink: {
        RELOC_ASSIGN_OR_RETURN(std::string target, ReadSymlink(JoinPath(pack_, file.path)));
        archive_entry_set_filetype(entry, AE_IFLNK);
        archive_entry_set_symlink(entry, target.c_str());
        break;
      }
    }
    return absl::OkStatus();
  }

  absl::Status AddContent(const TreeFile& file, ProgressMeter* meter) {
    std::string path = JoinPath(pack_, file.path);
    RELOC_ASSIGN_OR_RETURN(UniqueFd fd, OpenFile(path, O_RDONLY | O_NOFOLLOW));
    for (uint64_t left = file.size; left > 0;) {
      Result<size_t> got =
          ReadAll(fd.get(), std::span(buffer_).first(std::min<uint64_t>(left, buffer_.size())));
      if (!got.ok()) return SystemError(got.error().value, absl::StrCat("cannot read ", path));
      if (*got == 0) return absl::DataLossError(absl::StrCat(path, " shrank while it was read"));
      if (archive_write_data(out_.get(), buffer_.data(), *got) < 0) return Check(ARCHIVE_FATAL);
      RELOC_RETURN_IF_ERROR(meter->Add(*got));
      left -= *got;
    }
    return absl::OkStatus();
  }

  absl::Status Check(int result) {
    if (result == ARCHIVE_OK) return absl::OkStatus();
    const char* why = archive_error_string(out_.get());
    return absl::InternalError(absl::StrCat("cannot write ", name_, ": ", why ? why : "unknown error"));
  }

  const std::string pack_;
  const PackFormat format_;
  const std::string name_, store_;
  UniqueArchive out_;
  std::vector<char> buffer_ = std::vector<char>(256 << 10);
};

absl::Status WriteMembers(const std::string& pack, PackFormat format, const std::string& archive, int fd,
                          const ProgressCallback& progress) {
  RELOC_ASSIGN_OR_RETURN(pb::Manifest manifest, LoadManifest(pack));
  RELOC_ASSIGN_OR_RETURN(std::vector<TreeFile> files, ListTree(pack));
  ArchiveWriter writer(pack, format, archive, manifest.store_prefix().substr(1));
  RELOC_RETURN_IF_ERROR(writer.Open(fd));
  ProgressMeter meter(progress, "archiving", TotalSize(files));
  for (const TreeFile& file : files) {
    if (!file.path.empty()) RELOC_RETURN_IF_ERROR(writer.Add(file, &meter));
  }
  return writer.Close();
}

}  // namespace

absl::StatusOr<PackFormat> FormatOf(const std::string& output) {
  for (const auto& [suffix, format] : kSupported) {
    if (absl::EndsWith(output, suffix)) return format;
  }
  const std::string lower = absl::AsciiStrToLower(output);
  for (absl::string_view suffix : kUnsupported) {
    if (!absl::EndsWith(lower, suffix)) continue;
    return absl::InvalidArgumentError(
        absl::StrCat(output, ": packs are not made as ", suffix,
                     "; use .tar, .tar.gz, .tar.zst or .sqfs, or add a slash for a directory of that name"));
  }
  return PackFormat::kDirectory;
}

absl::Status WriteArchive(const std::string& pack, PackFormat format, const std::string& archive,
                          const ProgressCallback& progress) {
  if (format == PackFormat::kSquashfs) {
    return MakeSquashfs(archive, [&](int tar) { return WriteMembers(pack, format, archive, tar, progress); });
  }
  RELOC_ASSIGN_OR_RETURN(UniqueFd fd, OpenFile(archive, O_WRONLY | O_CREAT | O_EXCL, 0666));
  return WriteMembers(pack, format, archive, fd.get(), progress);
}

}  // namespace reloc
