#include "reloc/cli/output.h"

#include <errno.h>
#include <stdio.h>

#include "absl/strings/str_cat.h"
#include "reloc/hosted/text.h"

namespace reloc {
namespace {

// From ECMA-48: CUP and ED; EL.
constexpr absl::string_view kClearScreen = "\033[H\033[J";
constexpr absl::string_view kEraseLine = "\r\033[K";

void Write(absl::string_view text, FILE* file) { ::fwrite(text.data(), 1, text.size(), file); }

}  // namespace

void Print(absl::string_view text) { Write(Shown(text, LineStyle::kManyLines), stdout); }

absl::Status Flush() {
  bool written = ::fflush(stdout) == 0 && ::ferror(stdout) == 0;
  return written ? absl::OkStatus() : absl::ErrnoToStatus(errno, "cannot write to standard output");
}

void PrintError(absl::string_view program, absl::string_view message) {
  Write(absl::StrCat(program, ": ", OneLine(message), "\n"), stderr);
}

void ClearScreen() { Write(kClearScreen, stdout); }

void DrawLine(absl::string_view line) {
  Write(absl::StrCat(kEraseLine, OneLine(line)), stderr);
  ::fflush(stderr);
}

}  // namespace reloc
