// Writes the registry that launches map (launch/root_registry.h).
//
// Readers take no lock and may read while we write. What they must never see is a mixture of two roots, so a
// slot belongs to one key for the file's life: a withdrawn root leaves its key behind, and only the same key
// uses the slot again. When half of the table is used up a new file takes the name. Everything else that can
// be torn is harmless: a namespace is compared with its inode number before it is joined.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "reloc/base/file.h"
#include "reloc/launch/root_registry.h"

namespace reloc {

class RegistryWriter {
 public:
  // `dir`: the daemon's open directory, which must outlive the writer. Nothing is written while `answers`
  // says that its file system does not answer.
  explicit RegistryWriter(
      int dir, std::function<bool()> answers = [] { return true; })
      : dir_(dir), answers_(std::move(answers)) {}
  // Withdraws everything and removes the file, if it is still ours.
  ~RegistryWriter();
  RegistryWriter(const RegistryWriter&) = delete;
  RegistryWriter& operator=(const RegistryWriter&) = delete;

  struct Holder {
    int32_t pid = 0;  // 0: nothing may be joined
    int32_t user_ns_fd = -1;
    uint64_t user_ns_inode = 0;  // 0: roots have no user namespace of their own
  };

  // Replaces the file, whoever wrote it, by an empty one. Errors: no space, no permission; then nothing is
  // published until the next Reset().
  absl::Status Reset(const Holder& holder, const CallerContext& maker);
  // Publishes a root, or replaces it. Failing means that launches have to ask.
  absl::Status Publish(const RootKey& key, int32_t mount_ns_fd, uint64_t mount_ns_inode);
  void Withdraw(const RootKey& key);
  // Writes the file again, with what it had, if someone removed it; empty if it could not be used meanwhile.
  absl::Status Mend();

 private:
  struct Unmap {
    void operator()(RegistryFile* file) const;
  };
  using MappedFile = std::unique_ptr<RegistryFile, Unmap>;

  static absl::StatusOr<MappedFile> MapNewFile(int dir, FileId* id);
  bool IsInPlace() const;
  bool LeaveIfHanging();
  absl::Status Replace(const RegistryHeader& header, const RegistryFile* old);
  void Close();

  int dir_;
  std::function<bool()> answers_;
  MappedFile file_;
  std::optional<RegistryHeader> left_;  // of the file that Mend() is to make, empty
  FileId id_;                           // of the file
  size_t used_ = 0;                     // slots with a key, withdrawn ones too
};

}  // namespace reloc
