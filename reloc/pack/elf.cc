// Everything is read through `Image::Read`, which checks offset and size against the file's size; every count
// from the file is bounded before memory is allocated for it. The file is not mapped: if it were truncated in
// the meantime, that would raise SIGBUS.
//
// Names are in the dynamic string table, whose address is in the dynamic section; the program headers
// translate it to an offset. Section headers would be simpler to use, but loaders ignore them and they may be
// stripped or wrong.
#include "reloc/pack/elf.h"

#include <elf.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <limits>
#include <optional>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "reloc/base/file.h"

namespace reloc {
namespace {

// Upper bounds, which limit the memory and time that a hostile file can cost. The largest dynamic sections
// seen have some hundred entries; a RUNPATH of a store with many inputs takes some KiB.
constexpr size_t kMaxDynamicEntries = 1 << 12;
constexpr size_t kMaxNameBytes = 1 << 18;  // of one name, and of all names together

absl::Status Malformed(absl::string_view what) { return absl::InvalidArgumentError(what); }

// A range of bytes in the file.
struct Extent {
  uint64_t offset;
  uint64_t size;
};

// A file of known size that is read piecewise.
class Image {
 public:
  // Fills the span from the offset on; both must be within `size`.
  using Reader = absl::FunctionRef<absl::Status(uint64_t, std::span<std::byte>)>;

  Image(uint64_t size, Reader reader) : size_(size), reader_(reader) {}

  uint64_t size() const { return size_; }

  absl::Status Read(uint64_t offset, std::span<std::byte> memory, absl::string_view what) const {
    if (offset > size_ || memory.size() > size_ - offset)
      return Malformed(absl::StrCat("truncated ELF file: ", what, " lies outside"));
    return reader_(offset, memory);
  }

  // Reads `count` objects of a plain structure. The caller must have bounded `count`.
  template <typename T>
  absl::StatusOr<std::vector<T>> ReadArray(uint64_t offset, size_t count, absl::string_view what) const {
    if (count > size_ / sizeof(T))
      return Malformed(absl::StrCat("truncated ELF file: ", what, " lies outside"));
    std::vector<T> array(count);
    absl::Status status = Read(offset, std::as_writable_bytes(std::span(array)), what);
    if (!status.ok()) return status;
    return array;
  }

  // Reads a NUL-terminated string of at most `limit` bytes including its NUL; `locate` returns where its n-th
  // byte is.
  using Locator = absl::FunctionRef<std::optional<Extent>(uint64_t)>;
  absl::StatusOr<std::string> ReadString(Locator locate, uint64_t limit, absl::string_view what) const;

 private:
  uint64_t size_;
  Reader reader_;
};

absl::StatusOr<std::string> Image::ReadString(Locator locate, uint64_t limit, absl::string_view what) const {
  std::string text;
  limit = std::min<uint64_t>(limit, kMaxNameBytes);
  while (text.size() < limit) {
    const std::optional<Extent> extent = locate(text.size());
    if (!extent || extent->size == 0 || extent->offset >= size_) break;
    char chunk[256];
    const size_t count =
        std::min({uint64_t{sizeof(chunk)}, limit - text.size(), extent->size, size_ - extent->offset});
    absl::Status status = Read(extent->offset, std::as_writable_bytes(std::span(chunk, count)), what);
    if (!status.ok()) return status;
    const size_t length = strnlen(chunk, count);
    text.append(chunk, length);
    if (length < count) return text;
  }
  return Malformed(absl::StrCat("malformed ELF file: ", what, " has no end"));
}

absl::Status CheckIdent(const Elf64_Ehdr& header) {
  if (header.e_ident[EI_CLASS] != ELFCLASS64)
    return Malformed("unsupported ELF class: only 64-bit programs are supported");
  if (header.e_ident[EI_DATA] != ELFDATA2LSB)
    return Malformed("unsupported ELF byte order: only little-endian programs are supported");
  if (header.e_ident[EI_VERSION] != EV_CURRENT) return Malformed("unsupported ELF version");
  return absl::OkStatus();
}

absl::StatusOr<Elf64_Ehdr> ReadHeader(const Image& image) {
  Elf64_Ehdr header = {};
  const std::span<std::byte> bytes = std::as_writable_bytes(std::span(&header, 1));
  const size_t present = std::min<uint64_t>(image.size(), bytes.size());
  absl::Status status = image.Read(0, bytes.first(present), "the file header");
  if (!status.ok()) return status;
  if (std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0) return Malformed("not an ELF file");
  if (present < bytes.size()) return Malformed("truncated ELF file: it ends in the file header");
  status = CheckIdent(header);
  if (!status.ok()) return status;
  return header;
}

absl::StatusOr<std::vector<Elf64_Phdr>> ReadProgramHeaders(const Image& image, const Elf64_Ehdr& header) {
  if (header.e_phnum == 0) return std::vector<Elf64_Phdr>();
  if (header.e_phentsize != sizeof(Elf64_Phdr))
    return Malformed(absl::StrCat("malformed ELF file: program headers of ", header.e_phentsize, " bytes"));
  // PN_XNUM means that the number is in the first section header; only core dumps have that.
  if (header.e_phnum == PN_XNUM) return Malformed("unsupported ELF file: 65535 or more program headers");
  return image.ReadArray<Elf64_Phdr>(header.e_phoff, header.e_phnum, "the program header table");
}

const Elf64_Phdr* FindSegment(const std::vector<Elf64_Phdr>& segments, uint32_t type) {
  auto it = std::find_if(segments.begin(), segments.end(), [&](const auto& s) { return s.p_type == type; });
  return it == segments.end() ? nullptr : &*it;
}

// Returns the file offset of the byte at `address`, and how many bytes of that segment the file has from
// there.
std::optional<Extent> FindAddress(const std::vector<Elf64_Phdr>& segments, uint64_t address) {
  for (const Elf64_Phdr& s : segments) {
    if (s.p_type != PT_LOAD || address < s.p_vaddr || address - s.p_vaddr >= s.p_filesz) continue;
    const uint64_t inside = address - s.p_vaddr;
    if (s.p_offset > std::numeric_limits<uint64_t>::max() - s.p_filesz) continue;  // inside < p_filesz
    return Extent{s.p_offset + inside, s.p_filesz - inside};
  }
  return std::nullopt;
}

// Returns the entries before DT_NULL.
absl::StatusOr<std::vector<Elf64_Dyn>> ReadDynamic(const Image& image, const Elf64_Phdr& segment) {
  const uint64_t count = segment.p_filesz / sizeof(Elf64_Dyn);
  if (count > kMaxDynamicEntries) return Malformed("malformed ELF file: implausibly large dynamic section");
  auto entries = image.ReadArray<Elf64_Dyn>(segment.p_offset, count, "the dynamic section");
  if (!entries.ok()) return entries;
  auto end = std::find_if(entries->begin(), entries->end(), [](const auto& e) { return e.d_tag == DT_NULL; });
  entries->erase(end, entries->end());
  return entries;
}

uint64_t DynamicValue(const std::vector<Elf64_Dyn>& entries, int64_t tag) {
  for (const Elf64_Dyn& entry : entries)
    if (entry.d_tag == tag) return entry.d_un.d_val;
  return 0;
}

// The dynamic string table. It is addressed byte by byte, because it may extend over several segments:
// patchelf makes such files from programs that are not position-independent.
class Strings {
 public:
  Strings(const Image& image, const std::vector<Elf64_Phdr>& segments, const std::vector<Elf64_Dyn>& entries)
      : image_(image),
        segments_(segments),
        address_(DynamicValue(entries, DT_STRTAB)),
        size_(DynamicValue(entries, DT_STRSZ)) {}

  absl::StatusOr<std::string> At(uint64_t index) const {
    if (!FindAddress(segments_, address_))
      return Malformed("malformed ELF file: the dynamic string table lies in no segment");
    if (index >= size_) return Malformed("malformed ELF file: a name lies outside the dynamic string table");
    // An address that wraps around is in no segment, or in one that is checked like any other.
    auto locate = [&](uint64_t position) { return FindAddress(segments_, address_ + index + position); };
    return image_.ReadString(locate, size_ - index, "a name in the dynamic string table");
  }

 private:
  const Image& image_;
  const std::vector<Elf64_Phdr>& segments_;
  uint64_t address_;
  uint64_t size_;
};

bool IsName(int64_t tag) {
  return tag == DT_NEEDED || tag == DT_SONAME || tag == DT_RUNPATH || tag == DT_RPATH;
}

void StoreName(int64_t tag, std::string name, ElfInfo* info) {
  if (tag == DT_NEEDED) info->needed.push_back(std::move(name));
  if (tag == DT_SONAME) info->soname = std::move(name);
  if (tag == DT_RUNPATH) info->runpath = std::move(name);
  if (tag == DT_RPATH) info->rpath = std::move(name);
}

absl::Status ReadNames(const Image& image, const std::vector<Elf64_Phdr>& segments,
                       const std::vector<Elf64_Dyn>& entries, ElfInfo* info) {
  // A static position-independent program has no names, and may have no string table either.
  if (std::none_of(entries.begin(), entries.end(), [](const auto& e) { return IsName(e.d_tag); }))
    return absl::OkStatus();
  const Strings strings(image, segments, entries);
  size_t bytes = 0;
  for (const Elf64_Dyn& entry : entries) {
    if (!IsName(entry.d_tag)) continue;
    absl::StatusOr<std::string> name = strings.At(entry.d_un.d_val);
    if (!name.ok()) return name.status();
    if ((bytes += name->size()) > kMaxNameBytes)
      return Malformed("malformed ELF file: implausibly long names");
    StoreName(entry.d_tag, *std::move(name), info);
  }
  if (std::any_of(entries.begin(), entries.end(), [](const auto& e) { return e.d_tag == DT_RUNPATH; }))
    info->rpath.clear();
  return absl::OkStatus();
}

// Reads the files in the version requirements, which are a separate list.
absl::Status ReadVersioned(const Image& image, const std::vector<Elf64_Phdr>& segments,
                           const std::vector<Elf64_Dyn>& entries, ElfInfo* info) {
  const uint64_t count = DynamicValue(entries, DT_VERNEEDNUM);
  if (count > kMaxDynamicEntries)
    return Malformed("malformed ELF file: implausibly many version requirements");
  const Strings strings(image, segments, entries);
  uint64_t address = DynamicValue(entries, DT_VERNEED);
  for (uint64_t i = 0; i < count; ++i) {
    const std::optional<Extent> extent = FindAddress(segments, address);
    if (!extent) return Malformed("malformed ELF file: version requirements lie in no segment");
    auto requirement = image.ReadArray<Elf64_Verneed>(extent->offset, 1, "a version requirement");
    if (!requirement.ok()) return requirement.status();
    absl::StatusOr<std::string> name = strings.At(requirement->front().vn_file);
    if (!name.ok()) return name.status();
    info->versioned.push_back(*std::move(name));
    if (requirement->front().vn_next == 0) break;
    address += requirement->front().vn_next;
  }
  return absl::OkStatus();
}

absl::Status ReadInterp(const Image& image, const Elf64_Phdr& segment, ElfInfo* info) {
  auto locate = [&](uint64_t position) -> std::optional<Extent> {
    return Extent{segment.p_offset + position, segment.p_filesz - position};
  };
  absl::StatusOr<std::string> interp = image.ReadString(locate, segment.p_filesz, "the interpreter's name");
  if (!interp.ok()) return interp.status();
  if (interp->empty()) return Malformed("malformed ELF file: the interpreter's name is empty");
  info->interp = *std::move(interp);
  return absl::OkStatus();
}

absl::StatusOr<ElfInfo> Parse(const Image& image) {
  absl::StatusOr<Elf64_Ehdr> header = ReadHeader(image);
  if (!header.ok()) return header.status();
  absl::StatusOr<std::vector<Elf64_Phdr>> segments = ReadProgramHeaders(image, *header);
  if (!segments.ok()) return segments.status();

  ElfInfo info;
  info.type = header->e_type;
  info.machine = header->e_machine;
  bool program = header->e_type == ET_EXEC;
  if (const Elf64_Phdr* interp = FindSegment(*segments, PT_INTERP)) {
    absl::Status status = ReadInterp(image, *interp, &info);
    if (!status.ok()) return status;
  }
  if (const Elf64_Phdr* dynamic = FindSegment(*segments, PT_DYNAMIC)) {
    info.dynamic = true;
    absl::StatusOr<std::vector<Elf64_Dyn>> entries = ReadDynamic(image, *dynamic);
    if (!entries.ok()) return entries.status();
    program = program || (DynamicValue(*entries, DT_FLAGS_1) & DF_1_PIE) != 0;
    absl::Status status = ReadNames(image, *segments, *entries, &info);
    if (status.ok()) status = ReadVersioned(image, *segments, *entries, &info);
    if (!status.ok()) return status;
  }
  info.static_executable = program && info.interp.empty() && info.needed.empty();
  return info;
}

absl::StatusOr<ElfInfo> ParseNamed(const Image& image, const std::string& name) {
  absl::StatusOr<ElfInfo> info = Parse(image);
  if (info.ok()) return info;
  return absl::Status(info.status().code(), absl::StrCat(name, ": ", info.status().message()));
}

absl::Status ReadAt(int fd, uint64_t offset, std::span<std::byte> memory) {
  while (!memory.empty()) {
    const ssize_t count = pread(fd, memory.data(), memory.size(), static_cast<off_t>(offset));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return absl::ErrnoToStatus(errno, "cannot read");
    if (count == 0) return Malformed("truncated ELF file: it became shorter while it was read");
    memory = memory.subspan(static_cast<size_t>(count));
    offset += static_cast<uint64_t>(count);
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<ElfInfo> ParseElf(std::span<const std::byte> bytes, const std::string& name) {
  auto read = [&](uint64_t offset, std::span<std::byte> memory) {
    std::copy_n(bytes.begin() + static_cast<ptrdiff_t>(offset), memory.size(), memory.begin());
    return absl::OkStatus();
  };
  return ParseNamed(Image(bytes.size(), read), name);
}

absl::StatusOr<ElfInfo> ReadElf(int fd, const std::string& name) {
  struct stat st = {};
  if (fstat(fd, &st) != 0) return absl::ErrnoToStatus(errno, absl::StrCat(name, ": cannot examine"));
  if (!S_ISREG(st.st_mode)) return absl::InvalidArgumentError(absl::StrCat(name, ": not a regular file"));
  auto read = [fd](uint64_t offset, std::span<std::byte> memory) { return ReadAt(fd, offset, memory); };
  return ParseNamed(Image(static_cast<uint64_t>(st.st_size), read), name);
}

absl::StatusOr<ElfInfo> ReadElf(const std::string& path) {
  // O_NONBLOCK: opening a FIFO must not wait for a writer.
  Result<UniqueFd> file = Open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY);
  if (!file.ok()) return absl::ErrnoToStatus(file.error().value, absl::StrCat(path, ": cannot open"));
  return ReadElf(file->get(), path);
}

bool IsElf(const std::string& path) {
  Result<UniqueFd> file = Open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY);
  struct stat st = {};
  if (!file.ok() || fstat(file->get(), &st) != 0 || !S_ISREG(st.st_mode)) return false;
  std::byte magic[SELFMAG] = {};
  return ReadAt(file->get(), 0, magic).ok() && std::memcmp(magic, ELFMAG, SELFMAG) == 0;
}

}  // namespace reloc
