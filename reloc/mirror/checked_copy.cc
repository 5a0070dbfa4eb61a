#include "reloc/mirror/checked_copy.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <algorithm>
#include <span>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "reloc/base/file.h"
#include "reloc/fault/fault.h"
#include "reloc/hosted/files.h"
#include "reloc/hosted/hash.h"
#include "reloc/hosted/human_size.h"
#include "reloc/hosted/status.h"

namespace reloc {
namespace {

constexpr size_t kBuffer = 256 << 10;  // fits the L2 cache, where hashing and writing find it again
constexpr uint64_t kLargestInMemory = uint64_t{4} << 30;

absl::Status Differs(const std::string& path, absl::string_view how) {
  return absl::DataLossError(absl::StrCat(path, " ", how, ", other than .reloc/contents.json says"));
}

absl::Status CheckHash(Sha256 hash, const pb::File& listed, const std::string& path) {
  const Sha256Digest digest = std::move(hash).Finish();
  const std::string& expected = listed.sha256();
  if (std::equal(digest.begin(), digest.end(), reinterpret_cast<const uint8_t*>(expected.data()))) {
    return absl::OkStatus();
  }
  return Differs(path, "has other content");
}

// Fills `bytes`; a file that has become shorter is another one than was listed.
absl::Status Fill(const SourceFile& source, std::span<char> bytes) {
  Result<size_t> got = ReadAll(source.fd.get(), bytes);
  if (!got.ok()) return SystemError(got.error().value, absl::StrCat("cannot read ", source.path));
  return *got == bytes.size() ? absl::OkStatus() : Differs(source.path, "has become shorter");
}

bool IsAllZero(std::span<const char> bytes) {
  return bytes[0] == 0 && memcmp(bytes.data(), bytes.data() + 1, bytes.size() - 1) == 0;
}

absl::Status Write(int to, std::span<const char> bytes, const std::string& path) {
  Errno error =
      fault::Fails(fault::Point::kMirrorWrite) ? Errno::Last() : WriteAll(to, {bytes.data(), bytes.size()});
  return error.ok() ? absl::OkStatus() : SystemError(error.value, absl::StrCat("cannot write ", path));
}

absl::Status Skip(int to, size_t bytes, const std::string& path) {
  off_t end = ::lseek(to, static_cast<off_t>(bytes), SEEK_CUR);
  if (end >= 0 && ::ftruncate(to, end) == 0) return absl::OkStatus();
  return SystemError(errno, absl::StrCat("cannot write ", path));
}

}  // namespace

absl::StatusOr<SourceFile> OpenSource(int directory, const std::string& name, const pb::File& listed,
                                      const std::string& where) {
  SourceFile source;
  source.path = absl::StrCat(where, "/", name);
  // O_NONBLOCK: a FIFO in a file's place must not hang us.
  Result<UniqueFd> fd = OpenAt(directory, name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  if (!fd.ok()) return SystemError(fd.error().value, absl::StrCat("cannot open ", source.path));
  source.fd = *std::move(fd);
  if (::fstat(source.fd.get(), &source.st) != 0) {
    return SystemError(errno, absl::StrCat("cannot stat ", source.path));
  }
  if (!S_ISREG(source.st.st_mode)) return Differs(source.path, "is not a regular file");
  if (static_cast<uint64_t>(source.st.st_size) != listed.size()) {
    return Differs(source.path, absl::StrCat("has ", source.st.st_size, " bytes"));
  }
  const bool executable = (source.st.st_mode & 0100) != 0;
  if (executable != listed.executable()) {
    return Differs(source.path, executable ? "is executable" : "is not executable");
  }
  return source;
}

absl::Status CopyChecked(const SourceFile& source, const pb::File& listed, int to, const std::string& to_path,
                         ProgressMeter* meter) {
  thread_local std::vector<char> buffer(kBuffer);
  Sha256 hash;
  for (uint64_t left = listed.size(); left > 0;) {
    std::span<char> bytes(buffer.data(), std::min<uint64_t>(left, buffer.size()));
    RELOC_RETURN_IF_ERROR(Fill(source, bytes));
    hash.Update({bytes.data(), bytes.size()});
    RELOC_RETURN_IF_ERROR(bytes.size() == kBuffer && IsAllZero(bytes) ? Skip(to, bytes.size(), to_path)
                                                                      : Write(to, bytes, to_path));
    RELOC_RETURN_IF_ERROR(meter->Add(bytes.size()));
    left -= bytes.size();
  }
  return CheckHash(std::move(hash), listed, source.path);
}

absl::StatusOr<std::string> ReadChecked(const SourceFile& source, const pb::File& listed,
                                        ProgressMeter* meter) {
  if (listed.size() > kLargestInMemory) {
    return absl::FailedPreconditionError(absl::StrCat(
        source.path, " is too large to be rewritten: ", HumanSize(static_cast<double>(listed.size()))));
  }
  std::string content(listed.size(), '\0');
  RELOC_RETURN_IF_ERROR(Fill(source, content));
  Sha256 hash;
  hash.Update(content);
  RELOC_RETURN_IF_ERROR(CheckHash(std::move(hash), listed, source.path));
  RELOC_RETURN_IF_ERROR(meter->Add(content.size()));
  return content;
}

absl::Status WriteListed(const std::string& bytes, int to, const std::string& to_path, pb::File* listed) {
  RELOC_RETURN_IF_ERROR(Write(to, bytes, to_path));
  Sha256 hash;
  hash.Update(bytes);
  const Sha256Digest digest = std::move(hash).Finish();
  listed->set_sha256(digest.data(), digest.size());
  listed->set_size(bytes.size());
  return absl::OkStatus();
}

}  // namespace reloc
