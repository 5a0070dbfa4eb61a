#include "daemon/roots/registry_writer.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <utility>

#include "reloc/base/file.h"
#include "reloc/fault/fault.h"
#include "reloc/hosted/status.h"
#include "reloc/launch/daemon_dir.h"

namespace reloc {
namespace {

constexpr char kMagic[4] = {'R', 'L', 'R', 'R'};
constexpr const char* kNewFile = "roots.new";

// Readers run at any time: what makes a slot valid is written last, and what makes it invalid first.
template <typename T>
void StoreLast(T& target, T value) {
  __atomic_store_n(&target, value, __ATOMIC_RELEASE);
}

absl::Status Failed(int error) { return absl::ErrnoToStatus(error, "cannot publish roots"); }

RegistrySlot* Find(RegistryFile* file, const RootKey& key) {
  size_t index = FirstSlot(key.store);
  for (size_t probes = 0; probes < kRegistrySlots; ++probes, index = (index + 1) % kRegistrySlots) {
    RegistrySlot* slot = &file->slots[index];
    if (slot->store.inode == 0) return nullptr;
    if (slot->store == key.store && slot->digest == key.digest && slot->prefix_hash == key.prefix_hash) {
      return slot;
    }
  }
  return nullptr;
}

// There is always a free slot: half of the table is.
void Insert(RegistryFile* file, const RegistrySlot& slot) {
  size_t index = FirstSlot(slot.store);
  while (file->slots[index].store.inode != 0) index = (index + 1) % kRegistrySlots;
  RegistrySlot* free = &file->slots[index];
  free->store.device = slot.store.device;
  free->digest = slot.digest;
  free->prefix_hash = slot.prefix_hash;
  free->mount_ns_fd = slot.mount_ns_fd;
  free->mount_ns_inode = slot.mount_ns_inode;
  StoreLast(free->store.inode, slot.store.inode);
}

}  // namespace

RegistryWriter::~RegistryWriter() {
  if (file_ != nullptr && IsInPlace()) ::unlinkat(dir_, kRegistryFile, 0);
  Close();
}

bool RegistryWriter::IsInPlace() const {
  Result<FileId> there = IdentifyAt(dir_, kRegistryFile);
  return there.ok() && *there == id_;
}

// True if the file system of the directory does not answer: storing into the file would wait for it.
bool RegistryWriter::LeaveIfHanging() {
  if (answers_()) return false;
  if (file_ == nullptr) return true;
  left_ = file_->header;
  (void)file_.release();  // munmap(2) may wait as well
  return true;
}

absl::Status RegistryWriter::Mend() {
  if (left_) {
    RELOC_RETURN_IF_ERROR(Replace(*left_, nullptr));
    left_.reset();
  }
  if (file_ == nullptr || IsInPlace()) return absl::OkStatus();
  RegistryHeader header = file_->header;
  return Replace(header, file_.get());
}

void RegistryWriter::Unmap::operator()(RegistryFile* file) const { ::munmap(file, sizeof *file); }

// Shims that have the old file open find nothing in it any more.
void RegistryWriter::Close() {
  if (file_ != nullptr) StoreLast(file_->header.holder_pid, 0);
  file_.reset();
}

absl::Status RegistryWriter::Reset(const Holder& holder, const CallerContext& maker) {
  RegistryHeader header = {};
  memcpy(header.magic, kMagic, sizeof kMagic);
  header.version = kRegistryVersion;
  header.holder_pid = holder.pid;
  header.user_ns_fd = holder.user_ns_fd;
  header.user_ns_inode = holder.user_ns_inode;
  header.maker = maker;
  if (LeaveIfHanging()) {
    left_ = header;
    return Failed(ETIMEDOUT);
  }
  absl::Status replaced = Replace(header, nullptr);
  // Better no registry than one that shows what is gone.
  if (!replaced.ok()) Close();
  return replaced;
}

absl::StatusOr<RegistryWriter::MappedFile> RegistryWriter::MapNewFile(int dir, FileId* id) {
  Result<UniqueFd> fd = fault::Fails(fault::Point::kRegistryWrite)
                            ? Errno::Last()
                            : OpenAt(dir, kNewFile, O_RDWR | O_CREAT | O_TRUNC | O_NOFOLLOW, 0600);
  if (!fd.ok()) return Failed(fd.error().value);
  // Not ftruncate(2): on a full disk a hole in the file would be SIGBUS at the first write into it.
  if (int e = ::posix_fallocate(fd->get(), 0, sizeof(RegistryFile)); e != 0) return Failed(e);
  Result<FileId> identified = Identify(fd->get());
  if (!identified.ok()) return Failed(identified.error().value);
  *id = *identified;
  void* memory = ::mmap(nullptr, sizeof(RegistryFile), PROT_READ | PROT_WRITE, MAP_SHARED, fd->get(), 0);
  if (memory == MAP_FAILED) return Failed(errno);
  return MappedFile(static_cast<RegistryFile*>(memory));
}

// A new file takes the name, with the live slots of `old`. It is complete before anyone sees it.
absl::Status RegistryWriter::Replace(const RegistryHeader& header, const RegistryFile* old) {
  FileId id;
  RELOC_ASSIGN_OR_RETURN(MappedFile fresh, MapNewFile(dir_, &id));
  size_t used = 0;
  for (size_t i = 0; old != nullptr && i < kRegistrySlots; ++i) {
    if (old->slots[i].mount_ns_inode == 0) continue;
    Insert(fresh.get(), old->slots[i]);
    ++used;
  }
  fresh->header = header;
  if (::renameat(dir_, kNewFile, dir_, kRegistryFile) != 0) return Failed(errno);
  Close();
  file_ = std::move(fresh);
  id_ = id;
  used_ = used;
  return absl::OkStatus();
}

absl::Status RegistryWriter::Publish(const RootKey& key, int32_t mount_ns_fd, uint64_t mount_ns_inode) {
  if (LeaveIfHanging()) return Failed(ETIMEDOUT);
  if (file_ == nullptr) return absl::FailedPreconditionError("cannot publish roots: there is no registry");
  if (RegistrySlot* slot = Find(file_.get(), key); slot != nullptr) {
    StoreLast(slot->mount_ns_inode, uint64_t{0});
    slot->mount_ns_fd = mount_ns_fd;
    StoreLast(slot->mount_ns_inode, mount_ns_inode);
    return absl::OkStatus();
  }
  if (used_ >= kRegistrySlots / 2) {
    RegistryHeader header = file_->header;
    RELOC_RETURN_IF_ERROR(Replace(header, file_.get()));
  }
  if (used_ >= kRegistrySlots / 2) return absl::ResourceExhaustedError("cannot publish roots: too many");
  Insert(file_.get(), {key.store, key.digest, key.prefix_hash, mount_ns_inode, mount_ns_fd, 0});
  ++used_;
  return absl::OkStatus();
}

void RegistryWriter::Withdraw(const RootKey& key) {
  if (LeaveIfHanging() || file_ == nullptr) return;
  RegistrySlot* slot = Find(file_.get(), key);
  if (slot != nullptr) StoreLast(slot->mount_ns_inode, uint64_t{0});
}

}  // namespace reloc
