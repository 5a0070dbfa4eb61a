#include "reloc/engine/loader_facts.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string_view>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "reloc/base/path.h"
#include "reloc/hosted/files.h"
#include "reloc/hosted/status.h"

namespace reloc {
namespace {

// Calls `look` with the content of the file at `path`. It is mapped, not read: what is searched for is in the
// first pages.
template <typename Look>
absl::Status WithContent(const std::string& path, Look look) {
  RELOC_ASSIGN_OR_RETURN(UniqueFd fd, OpenFile(path, O_RDONLY));
  struct stat st;
  if (fstat(fd.get(), &st) != 0) return SystemError(errno, absl::StrCat("cannot stat ", path));
  if (st.st_size == 0) return absl::InvalidArgumentError(absl::StrCat(path, " is empty"));
  size_t size = static_cast<size_t>(st.st_size);
  void* memory = mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd.get(), 0);
  if (memory == MAP_FAILED) return SystemError(errno, absl::StrCat("cannot map ", path));
  absl::Cleanup unmap = [memory, size] { munmap(memory, size); };
  look(std::string_view(static_cast<const char*>(memory), size));
  return absl::OkStatus();
}

bool Exists(const std::string& path) { return access(path.c_str(), F_OK) == 0; }

}  // namespace

absl::StatusOr<LoaderFacts> ReadLoaderFacts(const std::string& path) {
  LoaderFacts facts;
  FixedText<8> options;
  RELOC_RETURN_IF_ERROR(
      WithContent(path, [&](std::string_view content) { facts.glibc = DescribeLoader(content, &options); }));
  for (std::string_view name : kGconvFiles) {
    if (!Exists(absl::StrCat(std::string(DirName(path)), std::string(name)))) continue;
    options << kHasGconv;
    break;
  }
  facts.options = options.view();
  return facts;
}

}  // namespace reloc
