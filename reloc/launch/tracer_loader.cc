#include "reloc/launch/tracer_loader.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "reloc/base/file.h"

namespace reloc {
namespace {

// Returns the size of the static 64-bit ELF file at the beginning of `bytes`, which ends with its section
// headers; 0 if there is none.
size_t SizeOfElf(std::span<const char> bytes, const Elf64_Ehdr& outer) {
  Elf64_Ehdr header;
  if (bytes.size() < sizeof header) return 0;
  memcpy(&header, bytes.data(), sizeof header);
  bool fits = memcmp(header.e_ident, outer.e_ident, EI_VERSION) == 0 && header.e_type == ET_EXEC &&
              header.e_machine == outer.e_machine && header.e_ehsize == sizeof header &&
              header.e_shentsize == sizeof(Elf64_Shdr) && header.e_shoff < bytes.size();
  size_t size = fits ? header.e_shoff + size_t{header.e_shnum} * sizeof(Elf64_Shdr) : 0;
  return size <= bytes.size() ? size : 0;
}

}  // namespace

std::span<const char> FindTracerLoader(std::span<const char> tracer) {
  Elf64_Ehdr outer;
  if (tracer.size() < sizeof outer) return {};
  memcpy(&outer, tracer.data(), sizeof outer);
  if (memcmp(outer.e_ident, ELFMAG, SELFMAG) != 0 || outer.e_ident[EI_CLASS] != ELFCLASS64) return {};
  string_view content(tracer.data(), tracer.size());
  for (size_t at = 1; (at = content.find(ELFMAG, at)) != string_view::npos; ++at) {
    std::span<const char> inner(tracer.data() + at, tracer.size() - at);
    if (size_t size = SizeOfElf(inner, outer); size > 0) return {inner.data(), size};
  }
  return {};
}

Result<UniqueFd> OpenTracerLoader(const char* path) {
  Result<UniqueFd> file = Open(path, O_RDONLY);
  if (!file.ok()) return file.error();
  struct stat st;
  if (::fstat(file->get(), &st) != 0) return Errno::Last();
  size_t size = static_cast<size_t>(st.st_size);
  void* memory = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file->get(), 0);
  if (memory == MAP_FAILED) return Errno::Last();
  std::span<const char> loader = FindTracerLoader({static_cast<const char*>(memory), size});
  UniqueFd fd(::memfd_create("loader", MFD_CLOEXEC));
  Errno error = loader.empty() ? Errno{ENOENT}
                : !fd.valid()  ? Errno::Last()
                               : WriteAll(fd.get(), {loader.data(), loader.size()});
  ::munmap(memory, size);
  if (!error.ok()) return error;
  // Opens it again for reading only: a file that is open for writing cannot be executed (ETXTBSY).
  FixedText<64> own;
  own << "/proc/self/fd/" << fd.get();
  return Open(own.c_str(), O_RDONLY);
}

}  // namespace reloc
