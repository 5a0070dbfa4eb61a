#include "reloc/pack/contents.h"

#include "absl/strings/str_cat.h"
#include "reloc/hosted/files.h"
#include "reloc/hosted/hash.h"
#include "reloc/hosted/parallel.h"
#include "reloc/hosted/status.h"
#include "reloc/pack/manifest.h"
#include "reloc/pack/manifest_names.h"

namespace reloc {
namespace {

// Describing needs no order, and a protobuf message does not move when its list grows: all files of a pack
// become one parallel loop.
struct Job {
  std::string host_path;
  TreeFile file;
  pb::File* out;
};

void AddJobs(const std::string& top, const std::vector<TreeFile>& files, FileList* out,
             std::vector<Job>* jobs) {
  for (const TreeFile& file : files) jobs->push_back({JoinPath(top, file.path), file, out->Add()});
}

absl::Status Describe(const Job& job, ProgressMeter* meter) {
  job.out->set_path(EscapeName(job.file.path));
  switch (job.file.type) {
    case FileType::kDirectory:
      job.out->set_type(pb::File::DIRECTORY);
      return absl::OkStatus();
    case FileType::kSymlink: {
      job.out->set_type(pb::File::SYMLINK);
      RELOC_ASSIGN_OR_RETURN(std::string target, ReadSymlink(job.host_path));
      job.out->set_target(EscapeName(target));
      return absl::OkStatus();
    }
    case FileType::kRegular:
      break;
  }
  job.out->set_executable(job.file.executable());
  job.out->set_size(job.file.size);
  RELOC_ASSIGN_OR_RETURN(Sha256Digest hash, HashFile(job.host_path, meter));
  job.out->set_sha256(hash.data(), hash.size());
  return absl::OkStatus();
}

absl::Status DescribeAll(const std::vector<Job>& jobs, const ProgressCallback& progress) {
  uint64_t total = 0;
  for (const Job& job : jobs) total += job.file.size;
  ProgressMeter meter(progress, "hashing", total);
  return ParallelFor(jobs.size(), [&](size_t i) { return Describe(jobs[i], &meter); });
}

}  // namespace

absl::Status DescribeFiles(const std::string& top, const std::vector<TreeFile>& files,
                           const ProgressCallback& progress, FileList* out) {
  std::vector<Job> jobs;
  AddJobs(top, files, out, &jobs);
  return DescribeAll(jobs, progress);
}

absl::StatusOr<pb::Contents> DescribeItems(const std::string& store, const std::vector<ClosureItem>& items,
                                           const ProgressCallback& progress) {
  pb::Contents contents;
  std::vector<Job> jobs;
  for (const ClosureItem& item : items) {
    pb::Item* out = contents.add_items();
    out->set_name(item.name);
    for (const std::string& reference : item.references) out->add_references(reference);
    std::string top = absl::StrCat(store, "/", item.name);
    RELOC_ASSIGN_OR_RETURN(std::vector<TreeFile> files, ListTree(top));
    AddJobs(top, files, out->mutable_files(), &jobs);
  }
  RELOC_RETURN_IF_ERROR(DescribeAll(jobs, progress));
  return contents;
}

uint64_t TotalSize(const std::vector<TreeFile>& files) {
  uint64_t total = 0;
  for (const TreeFile& file : files) total += file.size;
  return total;
}

}  // namespace reloc
