// patchelf rewrites ELF files, and is run once for each: growing a dynamic section means moving segments and
// notes, and patchelf has been used on more strange files than our own code ever would.
#include "reloc/pack/host_write.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "reloc/base/path.h"
#include "reloc/hosted/files.h"
#include "reloc/hosted/parallel.h"
#include "reloc/hosted/status.h"
#include "reloc/pack/copy.h"
#include "reloc/pack/host_command.h"

namespace reloc {
namespace {

constexpr char kPatchelf[] = "patchelf";
constexpr size_t kMaxScript = 64 << 20;  // bytes; larger ones are self-extracting archives

struct Job {
  const HostFile* file;
  std::string target;  // the file to make
};

absl::StatusOr<struct stat> Examine(const std::string& source) {
  struct stat st = {};
  if (stat(source.c_str(), &st) != 0) return SystemError(errno, "cannot examine " + source);
  return st;
}

absl::Status WriteNeeded(const HostFile& file, const std::string& target) {
  constexpr size_t kLimit = size_t{4} << 30;
  RELOC_ASSIGN_OR_RETURN(std::string bytes, ReadWholeFile(target, kLimit));
  // If this is not possible, the library is searched for in RUNPATH.
  if (!WriteNeededPaths(file.needed, &bytes)) return absl::OkStatus();
  if (unlink(target.c_str()) != 0) return SystemError(errno, "cannot replace " + target);
  return WriteNewFile(target, bytes, 0600);
}

absl::Status Patch(const HostFile& file, const std::string& target) {
  std::vector<std::string> command = {kPatchelf, "--output", target};
  if (!file.interpreter.empty()) command.insert(command.end(), {"--set-interpreter", file.interpreter});
  if (!file.run_path.empty())
    command.insert(command.end(), {"--set-rpath", absl::StrJoin(file.run_path, ":")});
  if (command.size() == 3) return CopyFile(file.source, target, 0600);
  command.push_back(file.source);
  RELOC_ASSIGN_OR_RETURN(const CommandResult result, RunCommand(command));
  if (result.exit_code == 0) return absl::OkStatus();
  return absl::InternalError(absl::StrCat("patchelf cannot rewrite ", file.source, ": ", ErrorOf(result)));
}

absl::Status WriteElf(const HostFile& file, const std::string& target) {
  RELOC_RETURN_IF_ERROR(Patch(file, target));
  return file.needed.empty() ? absl::OkStatus() : WriteNeeded(file, target);
}

absl::Status WriteScript(const HostFile& file, const std::string& target) {
  RELOC_ASSIGN_OR_RETURN(const std::string text, ReadWholeFile(file.source, kMaxScript));
  if (text.size() < file.replaced)
    return absl::AbortedError(file.source + " became shorter while it was read");
  return WriteNewFile(target, file.text + text.substr(file.replaced), 0600);
}

absl::Status WriteContent(const HostFile& file, const std::string& target) {
  if (file.kind == HostFile::Kind::kElf) return WriteElf(file, target);
  if (file.kind == HostFile::Kind::kScript) return WriteScript(file, target);
  return CopyFile(file.source, target, 0600);
}

// Copies mode and time: Python compares the times of its sources with those recorded in .pyc files.
// Set-user-ID and set-group-ID are dropped, because they would let others act as the packer.
absl::Status CopyAttributes(const struct stat& st, const std::string& target) {
  const timespec times[2] = {st.st_mtim, st.st_mtim};
  if (chmod(target.c_str(), st.st_mode & 0777) == 0 && utimensat(AT_FDCWD, target.c_str(), times, 0) == 0)
    return absl::OkStatus();
  return SystemError(errno, "cannot set the attributes of " + target);
}

absl::Status Write(const Job& job, ProgressMeter* meter) {
  if (job.file->kind == HostFile::Kind::kDirectory) return absl::OkStatus();
  if (job.file->kind == HostFile::Kind::kSymlink) {
    if (symlink(job.file->text.c_str(), job.target.c_str()) == 0) return absl::OkStatus();
    return SystemError(errno, "cannot create the symlink " + job.target);
  }
  RELOC_ASSIGN_OR_RETURN(const struct stat st, Examine(job.file->source));
  RELOC_RETURN_IF_ERROR(WriteContent(*job.file, job.target));
  RELOC_RETURN_IF_ERROR(CopyAttributes(st, job.target));
  return meter->Add(static_cast<uint64_t>(st.st_size));
}

absl::StatusOr<std::vector<Job>> MakeDirectoriesFor(const HostPlan& plan, const std::string& store_dir) {
  std::vector<Job> jobs;
  for (const auto& [item, files] : plan.items)
    for (const HostFile& file : files) {
      Job job = {&file, absl::StrCat(store_dir, "/", item, "/", file.path)};
      const bool directory = file.kind == HostFile::Kind::kDirectory;
      RELOC_RETURN_IF_ERROR(MakeDirectories(directory ? job.target : std::string(DirName(job.target))));
      jobs.push_back(std::move(job));
    }
  return jobs;
}

absl::StatusOr<uint64_t> TotalBytes(const HostPlan& plan) {
  uint64_t total = 0;
  for (const auto& [item, files] : plan.items)
    for (const HostFile& file : files) {
      if (file.source.empty() || file.kind == HostFile::Kind::kDirectory) continue;
      RELOC_ASSIGN_OR_RETURN(const struct stat st, Examine(file.source));
      total += static_cast<uint64_t>(st.st_size);
    }
  return total;
}

absl::Status WriteAllItems(const HostPlan& plan, const std::string& store_dir,
                           const ProgressCallback& progress) {
  RELOC_ASSIGN_OR_RETURN(const uint64_t total, TotalBytes(plan));
  RELOC_ASSIGN_OR_RETURN(const std::vector<Job> jobs, MakeDirectoriesFor(plan, store_dir));
  ProgressMeter meter(progress, "importing", total);
  return ParallelFor(jobs.size(), [&](size_t i) { return Write(jobs[i], &meter); });
}

}  // namespace

absl::StatusOr<std::string> PatchelfVersion() {
  auto result = RunCommand({kPatchelf, "--version"});
  if (!result.ok())
    return absl::Status(result.status().code(),
                        absl::StrCat(result.status().message(),
                                     ": host programs are rewritten with it; install the "
                                     "package patchelf"));
  return std::string(absl::StripSuffix(result->output, "\n"));
}

absl::Status WriteItems(const HostPlan& plan, const std::string& store_dir,
                        const ProgressCallback& progress) {
  absl::Status status = WriteAllItems(plan, store_dir, progress);
  if (status.ok()) return status;
  // The first error is the one that matters; what cannot be removed is in the caller's temporary directory.
  for (const auto& [item, files] : plan.items) RemoveTree(store_dir + "/" + item).IgnoreError();
  return status;
}

}  // namespace reloc
