#include "client/base/opened_pack.h"

#include <unistd.h>

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_replace.h"
#include "client/base/answering.h"
#include "reloc/hosted/status.h"
#include "reloc/hosted/text.h"
#include "reloc/launch/image_launch.h"
#include "reloc/launch/root_builder.h"

namespace reloc {

absl::StatusOr<OpenedPack> OpenedPack::Open(const std::string& name) {
  RELOC_RETURN_IF_ERROR(CheckAnswers(name));
  PackImage image;
  if (!OpenPackImage(name.c_str(), &image).ok()) return OpenedPack(name, name);
  Failure failure;
  // A file whose name is not that of an image, such as an archive, is refused when its manifest is read.
  if (!absl::EndsWith(name, ".sqfs") && !CheckImage(image, &failure)) return OpenedPack(name, name);
  LaunchLog log("relocctl", false);
  if (EnterOwnImage(image, environ, log, &failure)) return OpenedPack(name, kImagePackDir);
  FixedText<1024> line;
  failure.Describe(&line);
  return absl::UnavailableError(Text(line.view()));
}

OpenedPack::OpenedPack(std::string name, std::string directory)
    : name_(std::move(name)), directory_(std::move(directory)) {}

absl::Status OpenedPack::Explain(const absl::Status& error) const {
  return absl::Status(error.code(), absl::StrReplaceAll(error.message(), {{directory_, name_}}));
}

}  // namespace reloc
