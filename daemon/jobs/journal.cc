#include "daemon/jobs/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "daemon/base/log.h"
#include "daemon/base/timer.h"
#include "daemon/model/messages.h"
#include "reloc/base/file.h"
#include "reloc/base/fnv.h"
#include "reloc/fault/fault.h"
#include "reloc/hosted/own_file.h"

namespace reloc {
namespace {

constexpr const char* kFile = "journal";
constexpr const char* kNewFile = "journal.new";
constexpr const char* kOtherFile = "journal.other";
constexpr absl::string_view kAnyFirstLine = "relocd journal ";
constexpr absl::string_view kFirstLine = "relocd journal 1 boot ";
constexpr size_t kMaxBytes = 64 << 20;
constexpr size_t kGrowth = 512 << 10;
constexpr size_t kMaxWaiting = 64 << 10;
constexpr absl::Duration kRetry = absl::Seconds(1);

// Before each entry. A size alone would let garbage pass for an entry.
struct EntryHeader {
  uint32_t size;
  uint32_t check;  // the lower half of Fnv1a64(entry)
};

uint32_t Check(absl::string_view bytes) {
  return static_cast<uint32_t>(Fnv1a64({bytes.data(), bytes.size()}));
}

// The first line of a journal of this boot.
std::string FirstLine() {
  FixedText<64> boot;
  // Without /proc nothing can be known again; an empty id matches that of nobody.
  if (!ReadSmallFile("/proc/sys/kernel/random/boot_id", &boot).ok()) boot.Clear();
  string_view rest;
  string_view id = SplitFirst(boot.view(), '\n', &rest);
  return absl::StrCat(kFirstLine, absl::string_view(id.data(), id.size()), "\n");
}

// Everything in the file, or an errno; ENOENT if there is none.
Result<std::string> ReadFile(int dir) {
  Result<UniqueFd> fd = fault::Fails(fault::Point::kJournalRead)
                            ? Errno::Last()
                            : OpenAt(dir, kFile, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  if (!fd.ok()) return fd.error();
  if (!IsOwnFile(fd->get())) return Errno{EPERM};
  struct stat st;
  if (::fstat(fd->get(), &st) != 0) return Errno::Last();
  if (static_cast<size_t>(st.st_size) > kMaxBytes) return Errno{EFBIG};
  std::string bytes(static_cast<size_t>(st.st_size), '\0');
  Result<size_t> size = ReadAll(fd->get(), bytes);
  if (!size.ok()) return size.error();
  bytes.resize(*size);
  return bytes;
}

Job FromEntry(const relocd::v1::JournalEntry& entry) {
  Job job = FromMessage(entry.job());
  job.process = {entry.process_inode(), absl::Nanoseconds(entry.process_started_ns())};
  job.mark = {{entry.mount_namespace(), entry.uts_namespace()}, absl::Microseconds(entry.heard_us())};
  return job;
}

// Takes the entry at the start of `*rest`. False if there is none that is whole.
bool TakeEntry(absl::string_view* rest, relocd::v1::JournalEntry* entry) {
  EntryHeader header;
  if (rest->size() < sizeof header) return false;
  memcpy(&header, rest->data(), sizeof header);
  absl::string_view bytes = rest->substr(sizeof header);
  if (header.size > bytes.size()) return false;
  bytes = bytes.substr(0, header.size);
  rest->remove_prefix(sizeof header + header.size);
  return Check(bytes) == header.check && entry->ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
}

void TakeEntries(absl::string_view rest, JournalContents* contents) {
  absl::flat_hash_map<std::string, size_t> known;  // by id, the place in `jobs`
  relocd::v1::JournalEntry entry;
  while (!rest.empty()) {
    if (!TakeEntry(&rest, &entry)) {
      contents->damage = absl::StrCat("it ends with ", rest.size(), " bytes that are no entry");
      return;
    }
    auto [at, first] = known.try_emplace(entry.job().id(), contents->jobs.size());
    if (first) contents->jobs.emplace_back();
    contents->jobs[at->second] = FromEntry(entry);
  }
}

}  // namespace

JournalContents ReadJournal(int daemon_dir) {
  JournalContents contents;
  Result<std::string> bytes = ReadFile(daemon_dir);
  if (!bytes.ok()) {
    if (bytes.error().value != ENOENT) contents.damage = strerror(bytes.error().value);
    return contents;
  }
  absl::string_view text = *bytes;
  size_t line_end = text.find('\n');
  bool whole_line = line_end != absl::string_view::npos;
  if (!whole_line || !absl::StartsWith(text, kFirstLine)) {
    contents.other_version = whole_line && absl::StartsWith(text, kAnyFirstLine);
    contents.damage = contents.other_version ? "it is of another version of relocd" : "it is no journal";
    return contents;
  }
  contents.same_boot = text.substr(0, line_end + 1) == FirstLine();
  TakeEntries(text.substr(line_end + 1), &contents);
  return contents;
}

Errno SetJournalAside(int daemon_dir) {
  return ::renameat(daemon_dir, kFile, daemon_dir, kOtherFile) == 0 ? kOk : Errno::Last();
}

void Journal::Append(const Job& job, std::string* bytes) {
  entry_.Clear();
  *entry_.mutable_job() = ToMessage(job);
  entry_.set_process_inode(job.process.inode);
  entry_.set_process_started_ns(absl::ToInt64Nanoseconds(job.process.started));
  entry_.set_mount_namespace(job.mark.namespaces.mount);
  entry_.set_uts_namespace(job.mark.namespaces.uts);
  entry_.set_heard_us(absl::ToInt64Microseconds(job.mark.heard));
  const size_t start = bytes->size();
  bytes->append(sizeof(EntryHeader), '\0');
  entry_.AppendToString(bytes);
  absl::string_view written = absl::string_view(*bytes).substr(start + sizeof(EntryHeader));
  EntryHeader header{static_cast<uint32_t>(written.size()), Check(written)};
  memcpy(bytes->data() + start, &header, sizeof header);
}

void Journal::Write(const Job& job) {
  if (!file_.valid()) return;  // until it is written anew
  Append(job, &waiting_);
  if (waiting_.size() >= kMaxWaiting) Flush();
}

void Journal::Flush() {
  if (waiting_.empty()) return;
  const bool answers = answers_();
  Errno e = !answers                                    ? Errno{ETIMEDOUT}
            : fault::Fails(fault::Point::kJournalWrite) ? Errno::Last()
                                                        : WriteAll(file_.get(), waiting_);
  size_ += waiting_.size();
  waiting_.clear();
  if (e.ok()) return;
  // What follows an incomplete entry would not be found.
  if (!answers) hanging_ = std::move(file_);
  file_.Reset();
  Note(e);
}

bool Journal::wants_rewrite() const {
  if (!file_.valid()) return MonotonicNow() - failed_at_ > kRetry;
  return size_ > 2 * rewritten_size_ + kGrowth;
}

bool Journal::IsInPlace() const {
  Result<FileId> there = IdentifyAt(dir_, kFile);
  Result<FileId> ours = Identify(file_.get());
  return there.ok() && ours.ok() && *there == *ours;
}

void Journal::Rewrite(std::span<const Job* const> jobs) {
  waiting_.clear();
  std::string bytes = FirstLine();
  for (const Job* job : jobs) Append(*job, &bytes);
  Note(Replace(bytes));
  size_ = rewritten_size_ = bytes.size();
}

Errno Journal::Replace(absl::string_view bytes) {
  if (!answers_()) {
    if (file_.valid()) hanging_ = std::move(file_);
    return Errno{ETIMEDOUT};
  }
  hanging_.Reset();
  file_.Reset();
  if (fault::Fails(fault::Point::kJournalReplace)) return Errno::Last();
  if (::unlinkat(dir_, kNewFile, 0) != 0 && errno != ENOENT) return Errno::Last();
  Result<UniqueFd> file = OpenAt(dir_, kNewFile, O_WRONLY | O_APPEND | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
  if (!file.ok()) return file.error();
  RELOC_TRY(WriteAll(file->get(), {bytes.data(), bytes.size()}));
  if (::renameat(dir_, kNewFile, dir_, kFile) != 0) return Errno::Last();
  file_ = *std::move(file);
  return kOk;
}

// Keeps in mind, and says once, that the journal is not up to date.
void Journal::Note(Errno e) {
  if (!e.ok()) failed_at_ = MonotonicNow();
  if (!e.ok() && !complained_) {
    LogWarning(absl::StrCat("cannot write the journal of jobs (", strerror(e.value),
                            "): should relocd be killed now, the next one will not know all of them"));
  }
  if (e.ok() && complained_) LogInfo("the journal of jobs is up to date again");
  complained_ = !e.ok();
}

}  // namespace reloc
