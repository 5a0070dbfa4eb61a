#include "reloc/launch/root_registry.h"

#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <unistd.h>

#include <utility>

#include "reloc/launch/daemon_dir.h"

namespace reloc {
namespace {

// Reads with pread(2): a mapping would cost two page faults and a munmap(2) more.
Errno ReadAt(int fd, size_t offset, void* memory, size_t size) {
  ssize_t n = ::pread(fd, memory, size, static_cast<off_t>(offset));
  if (n < 0) return Errno::Last();
  return static_cast<size_t>(n) == size ? kOk : Errno{ENOENT};  // not yet completely written
}

// Returns whether `caller` sees what the maker saw. Mount ids are unique, and a mount belongs to one mount
// namespace: so callers with the maker's "/" do, whatever their other namespaces are. Reading the three
// /proc/self/ns files costs more than everything else here.
bool SharesView(const CallerContext& maker, const CallerContext& caller) {
  if (maker.root_mount == 0) return maker == caller;
  return maker.root == caller.root && maker.root_mount == caller.root_mount &&
         maker.root_mtime == caller.root_mtime;
}

Errno CheckHeader(const RegistryHeader& header, const CallerContext& caller) {
  bool readable = memcmp(header.magic, "RLRR", 4) == 0 && header.version == kRegistryVersion;
  if (!readable || header.holder_pid <= 0) return Errno{ENOENT};
  return SharesView(header.maker, caller) ? kOk : Errno{EXDEV};
}

bool Matches(const RegistrySlot& slot, const RootKey& key) {
  return slot.store == key.store && slot.digest == key.digest && slot.prefix_hash == key.prefix_hash &&
         slot.mount_ns_inode != 0;
}

Errno FindSlot(int registry, const RootKey& key, RegistrySlot* found) {
  constexpr size_t kAtOnce = 8;
  RegistrySlot slots[kAtOnce];
  static_assert(kRegistrySlots % kAtOnce == 0);
  size_t index = FirstSlot(key.store);
  for (size_t probes = 0; probes < kRegistrySlots; ++probes, index = (index + 1) % kRegistrySlots) {
    if (probes == 0 || index % kAtOnce == 0) {
      size_t block = index - index % kAtOnce;
      RELOC_TRY(ReadAt(registry, offsetof(RegistryFile, slots) + block * sizeof *slots, slots, sizeof slots));
    }
    *found = slots[index % kAtOnce];
    if (found->store.inode == 0) return Errno{ENOENT};
    if (Matches(*found, key)) return kOk;
  }
  return Errno{ENOENT};
}

// Returns true if opening a descriptor of the holder may block. After a crash its pid may be another user's
// process, which can be made so that opening one of its descriptors blocks for ever
// (daemon/proc/stall_guard.h). Only root may open descriptors of other users' processes; for others the open
// is refused before that.
bool MayBlock(int32_t holder) {
  if (::getauxval(AT_EUID) != 0) return false;
  FixedText<32> path;
  path << "/proc/" << holder;
  struct stat st;
  return ::stat(path.c_str(), &st) != 0 || st.st_uid != 0;
}

// Opens the holder's descriptor `fd`, a namespace, and checks that it is the one that was published.
Result<UniqueFd> OpenNamespace(int32_t holder, int32_t fd, uint64_t inode) {
  FixedText<64> path;
  path << "/proc/" << holder << "/fd/" << fd;
  // After a crash the pid may belong to another process, and the descriptor may be a pipe or a terminal.
  Result<UniqueFd> ns = Open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY);
  if (!ns.ok()) return Errno{ESTALE};
  Result<FileId> id = Identify(ns->get());
  if (!id.ok()) return id.error();
  if (id->inode != inode) return Errno{ESTALE};
  return ns;
}

}  // namespace

size_t FirstSlot(const FileId& store) {
  uint64_t mixed = (store.inode ^ (store.device << 32)) * 0x9e3779b97f4a7c15;
  return (mixed >> 40) % kRegistrySlots;
}

Result<RootNamespaces> FindPublishedRoot(int daemon_dir, const RootKey& key, const CallerContext& caller) {
  // O_NONBLOCK: a FIFO of that name must not delay a launch.
  Result<UniqueFd> registry = OpenAt(daemon_dir, kRegistryFile, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  if (!registry.ok()) return registry.error();
  RegistryHeader header;
  if (Errno e = ReadAt(registry->get(), 0, &header, sizeof header); !e.ok()) return e;
  if (Errno e = CheckHeader(header, caller); !e.ok()) return e;
  RegistrySlot slot;
  if (Errno e = FindSlot(registry->get(), key, &slot); !e.ok()) return e;
  if (MayBlock(header.holder_pid)) return Errno{ESTALE};
  RootNamespaces namespaces;
  if (header.user_ns_inode != 0) {
    Result<UniqueFd> user = OpenNamespace(header.holder_pid, header.user_ns_fd, header.user_ns_inode);
    if (!user.ok()) return user.error();
    namespaces.user = std::move(*user);
  }
  Result<UniqueFd> mount = OpenNamespace(header.holder_pid, slot.mount_ns_fd, slot.mount_ns_inode);
  if (!mount.ok()) return mount.error();
  namespaces.mount = std::move(*mount);
  return namespaces;
}

}  // namespace reloc
