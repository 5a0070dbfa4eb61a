#include "reloc/pack/needed_paths.h"

#include <elf.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <optional>

namespace reloc {
namespace {

// Returns the largest page size of the machine: the appended segment begins at a multiple of it.
uint64_t PageSize(const Elf64_Ehdr& header) { return header.e_machine == EM_X86_64 ? 0x1000 : 0x10000; }

uint64_t AlignUp(uint64_t number, uint64_t page) { return (number + page - 1) / page * page; }

// A string to write: the position and size of its offset in the file.
struct Reference {
  uint64_t at;
  size_t size;  // 4 or 8
  size_t path;  // index
};

// The place for the new strings.
struct Room {
  uint64_t offset;
  uint64_t address;
  std::vector<Elf64_Phdr> segments;  // with the new segment
};

class NeededWriter {
 public:
  NeededWriter(std::span<const NeededPath> paths, std::string* bytes) : paths_(paths), bytes_(*bytes) {}

  bool Run() {
    if (!ReadTables() || !FindReferences() || references_.empty()) return false;
    const std::string strings = Strings();
    std::optional<Room> room = RoomBehindTable(strings.size());
    if (!room) room = RoomAtEnd(strings.size());
    if (!room || room->address + strings.size() - strings_ > std::numeric_limits<uint32_t>::max())
      return false;
    Write(*room, strings);
    return true;
  }

 private:
  template <typename T>
  bool Get(uint64_t offset, T* value) const {
    if (offset > bytes_.size() || sizeof(T) > bytes_.size() - offset) return false;
    std::memcpy(value, bytes_.data() + offset, sizeof(T));
    return true;
  }
  template <typename T>
  void Put(uint64_t offset, const T& value) {
    std::memcpy(bytes_.data() + offset, &value, sizeof(T));
  }

  const Elf64_Phdr* LoadOf(uint64_t address) const {
    for (const Elf64_Phdr& s : segments_)
      if (s.p_type == PT_LOAD && address >= s.p_vaddr && address - s.p_vaddr < s.p_filesz) return &s;
    return nullptr;
  }
  std::optional<uint64_t> OffsetOf(uint64_t address) const {
    const Elf64_Phdr* load = LoadOf(address);
    if (load == nullptr) return std::nullopt;
    return load->p_offset + (address - load->p_vaddr);
  }

  bool ReadTables() {
    if (!Get(0, &header_) || std::memcmp(header_.e_ident, ELFMAG, SELFMAG) != 0) return false;
    if (header_.e_ident[EI_CLASS] != ELFCLASS64 || header_.e_ident[EI_DATA] != ELFDATA2LSB) return false;
    if (header_.e_phentsize != sizeof(Elf64_Phdr) || header_.e_phnum == PN_XNUM) return false;
    segments_.resize(header_.e_phnum);
    for (size_t i = 0; i < segments_.size(); ++i) {
      if (!Get(header_.e_phoff + i * sizeof(Elf64_Phdr), &segments_[i])) return false;
      if (segments_[i].p_type == PT_LOAD && !IsPlausible(segments_[i])) return false;
    }
    return ReadDynamic();
  }

  bool IsPlausible(const Elf64_Phdr& s) const {
    constexpr uint64_t kLimit = uint64_t{1} << 56;
    return s.p_offset <= bytes_.size() && s.p_filesz <= bytes_.size() - s.p_offset && s.p_vaddr < kLimit &&
           s.p_memsz < kLimit && s.p_memsz >= s.p_filesz;
  }

  bool ReadDynamic() {
    auto dynamic = std::find_if(segments_.begin(), segments_.end(),
                                [](const auto& s) { return s.p_type == PT_DYNAMIC; });
    if (dynamic == segments_.end()) return false;
    for (uint64_t at = dynamic->p_offset;; at += sizeof(Elf64_Dyn)) {
      Elf64_Dyn entry;
      if (!Get(at, &entry)) return false;
      if (entry.d_tag == DT_NULL) break;
      if (entry.d_tag == DT_STRTAB) strings_ = entry.d_un.d_ptr;
      if (entry.d_tag == DT_STRSZ) strings_size_at_ = at;
      if (entry.d_tag == DT_VERNEED) versions_ = entry.d_un.d_ptr;
      if (entry.d_tag == DT_VERNEEDNUM) version_count_ = entry.d_un.d_val;
      if (entry.d_tag == DT_NEEDED) needed_.push_back(at);
    }
    return strings_size_at_ != 0 && LoadOf(strings_) != nullptr;
  }

  // Returns the index of the path for the name at `index` of the string table.
  std::optional<size_t> PathFor(uint64_t index) const {
    const std::optional<uint64_t> offset = OffsetOf(strings_ + index);
    if (!offset || *offset >= bytes_.size()) return std::nullopt;
    const char* name = bytes_.data() + *offset;
    const std::string_view text(name, strnlen(name, bytes_.size() - *offset));
    for (size_t i = 0; i < paths_.size(); ++i)
      if (paths_[i].name == text) return i;
    return std::nullopt;
  }

  bool FindReferences() {
    for (uint64_t at : needed_) {
      Elf64_Dyn entry;
      if (!Get(at, &entry)) return false;
      if (auto path = PathFor(entry.d_un.d_val))
        references_.push_back({at + offsetof(Elf64_Dyn, d_un), 8, *path});
    }
    uint64_t address = versions_;
    for (uint64_t i = 0; i < version_count_; ++i) {
      const std::optional<uint64_t> at = OffsetOf(address);
      Elf64_Verneed requirement;
      if (!at || !Get(*at, &requirement)) return false;
      if (auto path = PathFor(requirement.vn_file))
        references_.push_back({*at + offsetof(Elf64_Verneed, vn_file), 4, *path});
      if (requirement.vn_next == 0) break;
      address += requirement.vn_next;
    }
    return true;
  }

  std::string Strings() const {
    std::string strings;
    for (const NeededPath& path : paths_) strings.append(path.path).push_back('\0');
    return strings;
  }

  // Returns the space after that segment, if it is unused: up to the next page, or at the file's end.
  std::optional<Room> RoomBehindTable(uint64_t size) const {
    Room room = {0, 0, segments_};
    const Elf64_Phdr* table = LoadOf(strings_);
    Elf64_Phdr& load = room.segments[static_cast<size_t>(table - segments_.data())];
    if (load.p_filesz != load.p_memsz) return std::nullopt;
    room.offset = load.p_offset + load.p_filesz;
    room.address = load.p_vaddr + load.p_filesz;
    if (!IsUnused(room.offset, room.address, size)) return std::nullopt;
    load.p_filesz += size;
    load.p_memsz += size;
    return room;
  }

  bool IsUnused(uint64_t offset, uint64_t address, uint64_t size) const {
    const std::string_view present = std::string_view(bytes_).substr(offset, size);
    if (present.find_first_not_of('\0') != present.npos) return false;
    const uint64_t page = PageSize(header_);
    for (const Elf64_Phdr& s : segments_) {
      if (s.p_type == PT_LOAD && s.p_vaddr >= address && s.p_vaddr / page * page < address + size)
        return false;
      if (Overlaps(offset, size, s.p_offset, s.p_filesz)) return false;
    }
    return !IsInSection(offset, size) &&
           !Overlaps(offset, size, header_.e_shoff, uint64_t{header_.e_shnum} * sizeof(Elf64_Shdr));
  }

  static bool Overlaps(uint64_t a, uint64_t a_size, uint64_t b, uint64_t b_size) {
    return a < b + b_size && b < a + a_size;
  }

  // Sections that are not loaded count too: they may be all zeros. A table that cannot be read uses
  // everything.
  bool IsInSection(uint64_t offset, uint64_t size) const {
    for (size_t i = 0; i < header_.e_shnum; ++i) {
      Elf64_Shdr section;
      if (!Get(header_.e_shoff + i * sizeof(Elf64_Shdr), &section)) return true;
      if (section.sh_type != SHT_NOBITS && Overlaps(offset, size, section.sh_offset, section.sh_size))
        return true;
    }
    return false;
  }

  // Returns space at the end, in the file and in memory.
  std::optional<Room> RoomAtEnd(uint64_t size) const {
    const std::optional<size_t> note = SparePlace();
    if (!note) return std::nullopt;
    const uint64_t page = PageSize(header_);
    Room room = {AlignUp(bytes_.size(), page), 0, segments_};
    size_t last = 0;
    for (size_t i = 0; i < segments_.size(); ++i) {
      if (segments_[i].p_type != PT_LOAD) continue;
      last = i;
      room.address = std::max(room.address, AlignUp(segments_[i].p_vaddr + segments_[i].p_memsz, page));
    }
    // Loaded segments must be in the order of their addresses.
    auto at = room.segments.begin() + static_cast<ptrdiff_t>(*note);
    if (*note < last) at = std::rotate(at, at + 1, room.segments.begin() + static_cast<ptrdiff_t>(last) + 1);
    *at = {PT_LOAD, PF_R, room.offset, room.address, room.address, size, size, page};
    return room;
  }

  // Returns the most dispensable program header: a PT_NOTE, preferably the one that PT_GNU_PROPERTY repeats.
  std::optional<size_t> SparePlace() const {
    std::optional<size_t> place;
    for (size_t i = 0; i < segments_.size(); ++i) {
      if (segments_[i].p_type != PT_NOTE) continue;
      place = i;
      for (const Elf64_Phdr& s : segments_)
        if (s.p_type == PT_GNU_PROPERTY && s.p_offset == segments_[i].p_offset) return place;
    }
    return place;
  }

  void Write(const Room& room, const std::string& strings) {
    if (bytes_.size() < room.offset + strings.size()) bytes_.resize(room.offset + strings.size());
    bytes_.replace(room.offset, strings.size(), strings);
    for (size_t i = 0; i < room.segments.size(); ++i)
      Put(header_.e_phoff + i * sizeof(Elf64_Phdr), room.segments[i]);
    std::vector<uint64_t> indices;
    uint64_t index = room.address - strings_;
    for (const NeededPath& path : paths_) {
      indices.push_back(index);
      index += path.path.size() + 1;
    }
    Put(strings_size_at_ + offsetof(Elf64_Dyn, d_un), index);
    for (const Reference& reference : references_) {
      if (reference.size == 8) Put(reference.at, indices[reference.path]);
      if (reference.size == 4) Put(reference.at, static_cast<uint32_t>(indices[reference.path]));
    }
  }

  const std::span<const NeededPath> paths_;
  std::string& bytes_;
  Elf64_Ehdr header_ = {};
  std::vector<Elf64_Phdr> segments_;
  uint64_t strings_ = 0;  // address
  uint64_t strings_size_at_ = 0;
  uint64_t versions_ = 0;  // address
  uint64_t version_count_ = 0;
  std::vector<uint64_t> needed_;  // offsets of the entries
  std::vector<Reference> references_;
};

}  // namespace

bool WriteNeededPaths(std::span<const NeededPath> paths, std::string* bytes) {
  return NeededWriter(paths, bytes).Run();
}

}  // namespace reloc
