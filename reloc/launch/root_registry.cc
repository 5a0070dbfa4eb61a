#include "reloc/launch/root_registry.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "reloc/launch/daemon_dir.h"

namespace reloc {
namespace {

class MappedRegistry {
 public:
  MappedRegistry() = default;
  MappedRegistry(const MappedRegistry&) = delete;
  MappedRegistry& operator=(const MappedRegistry&) = delete;
  ~MappedRegistry() {
    if (file_ != nullptr) ::munmap(const_cast<RegistryFile*>(file_), sizeof *file_);
  }

  Errno Map(int daemon_dir) {
    Result<UniqueFd> fd = OpenAt(daemon_dir, kRegistryFile, O_RDONLY | O_NOFOLLOW);
    if (!fd.ok()) return fd.error();
    struct stat st;
    if (::fstat(fd->get(), &st) != 0) return Errno::Last();
    // A shorter file would be SIGBUS. The daemon sets the size once, before it writes the magic, and never
    // cuts it.
    if (st.st_size != static_cast<off_t>(sizeof(RegistryFile))) return Errno{ENOENT};
    void* memory = ::mmap(nullptr, sizeof(RegistryFile), PROT_READ, MAP_SHARED, fd->get(), 0);
    if (memory == MAP_FAILED) return Errno::Last();
    file_ = static_cast<const RegistryFile*>(memory);
    return kOk;
  }
  // NOLINTNEXTLINE(clang-analyzer-core.uninitialized.UndefReturn): errno is not 0 after a call that failed
  const RegistryFile& operator*() const { return *file_; }

 private:
  const RegistryFile* file_ = nullptr;
};

Errno CheckMaker(const RegistryHeader& header, const CallerContext& caller) {
  bool readable = memcmp(header.magic, "RLRR", 4) == 0 && header.version == kRegistryVersion;
  if (!readable || header.holder_pid <= 0) return Errno{ENOENT};
  return header.maker == caller ? kOk : Errno{EXDEV};
}

bool Matches(const RegistrySlot& slot, const RootKey& key) {
  return slot.store == key.store && slot.digest == key.digest && slot.prefix_hash == key.prefix_hash &&
         slot.mount_ns_inode != 0;
}

bool FindSlot(const RegistryFile& file, const RootKey& key, RegistrySlot* found) {
  size_t index = FirstSlot(key.store);
  for (size_t probes = 0; probes < kRegistrySlots; ++probes, index = (index + 1) % kRegistrySlots) {
    *found = file.slots[index];
    if (found->store.inode == 0) return false;
    if (Matches(*found, key)) return true;
  }
  return false;
}

// Opens the holder's descriptor `fd`, a namespace, and checks that it is the one that was published.
Result<UniqueFd> OpenNamespace(int32_t holder, int32_t fd, uint64_t inode) {
  FixedText<64> path;
  path << "/proc/" << holder << "/fd/" << fd;
  Result<UniqueFd> ns = Open(path.c_str(), O_RDONLY);
  if (!ns.ok()) return Errno{ESTALE};
  Result<FileId> id = Identify(ns->get());
  if (!id.ok()) return id.error();
  if (id->inode != inode) return Errno{ESTALE};
  return ns;
}

}  // namespace

uint64_t HashText(string_view text) {
  uint64_t hash = 0xcbf29ce484222325;
  for (char c : text) hash = (hash ^ static_cast<uint8_t>(c)) * 0x100000001b3;
  return hash;
}

size_t FirstSlot(const FileId& store) {
  uint64_t mixed = (store.inode ^ (store.device << 32)) * 0x9e3779b97f4a7c15;
  return (mixed >> 40) % kRegistrySlots;
}

Result<RootNamespaces> FindPublishedRoot(int daemon_dir, const RootKey& key, const CallerContext& caller) {
  MappedRegistry registry;
  if (Errno e = registry.Map(daemon_dir); !e.ok()) return e;
  const RegistryHeader header = (*registry).header;
  if (Errno e = CheckMaker(header, caller); !e.ok()) return e;
  RegistrySlot slot;
  if (!FindSlot(*registry, key, &slot)) return Errno{ENOENT};
  RootNamespaces namespaces;
  if (header.user_ns_inode != 0) {
    Result<UniqueFd> user = OpenNamespace(header.holder_pid, header.user_ns_fd, header.user_ns_inode);
    if (!user.ok()) return user.error();
    namespaces.user = static_cast<UniqueFd&&>(*user);
  }
  Result<UniqueFd> mount = OpenNamespace(header.holder_pid, slot.mount_ns_fd, slot.mount_ns_inode);
  if (!mount.ok()) return mount.error();
  namespaces.mount = static_cast<UniqueFd&&>(*mount);
  return namespaces;
}

}  // namespace reloc
