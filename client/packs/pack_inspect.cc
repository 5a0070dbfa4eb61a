#include "client/packs/pack_inspect.h"

#include <google/protobuf/util/json_util.h>

#include <memory>
#include <string>
#include <utility>

#include "absl/functional/function_ref.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/base/answering.h"
#include "client/base/opened_pack.h"
#include "client/base/progress.h"
#include "client/base/report.h"
#include "client/base/watched_work.h"
#include "client/packs/pack_tools.h"
#include "proto/inspection.pb.h"
#include "reloc/hosted/human_size.h"
#include "reloc/hosted/status.h"
#include "reloc/hosted/text.h"
#include "reloc/pack/manifest.h"
#include "reloc/pack/manifest_names.h"
#include "reloc/pack/verify.h"

namespace reloc {
namespace {

pb::ItemInspection InspectItem(const pb::Item& item) {
  pb::ItemInspection out;
  out.set_name(item.name());
  out.set_files(static_cast<uint32_t>(item.files_size()));
  double size = 0;
  for (const pb::File& file : item.files()) size += static_cast<double>(file.size());
  out.set_size_bytes(size);
  *out.mutable_references() = item.references();
  return out;
}

absl::StatusOr<pb::PackInspection> InspectDirectory(const std::string& pack) {
  RELOC_ASSIGN_OR_RETURN(pb::Manifest manifest, LoadManifest(pack));
  RELOC_ASSIGN_OR_RETURN(pb::Contents contents, LoadContents(pack, manifest));
  pb::PackInspection out;
  out.set_format(absl::StrCat(manifest.format_major(), ".", manifest.format_minor()));
  out.set_store_prefix(manifest.store_prefix());
  out.set_digest(absl::BytesToHexString(manifest.digest()));
  out.set_digest_covers_all(CoversAll(manifest));
  for (const pb::Entry& entry : manifest.entries()) {
    pb::EntryInspection* inspection = out.add_entries();
    inspection->set_name(entry.name());
    inspection->set_program(entry.program());
    inspection->set_resolved(entry.resolved());
  }
  double size = 0;
  for (const pb::Item& item : contents.items()) {
    *out.add_items() = InspectItem(item);
    size += out.items().rbegin()->size_bytes();
  }
  out.set_size_bytes(size);
  return out;
}

absl::StatusOr<pb::PackInspection> Inspect(const std::string& name) {
  RELOC_ASSIGN_OR_RETURN(OpenedPack pack, OpenedPack::Open(name));
  absl::StatusOr<pb::PackInspection> inspection = InspectDirectory(pack.directory());
  if (!inspection.ok()) return pack.Explain(inspection.status());
  inspection->set_pack(EscapeName(name));
  return inspection;
}

std::string TextOf(const pb::PackInspection& pack) {
  const char* coverage = pack.digest_covers_all() ? "" : "  (older: it covers the store alone)";
  std::string text =
      absl::StrCat("Pack:    ", OneLine(pack.pack()), "\nStore:   ", OneLine(pack.store_prefix()),
                   "\nDigest:  ", OneLine(pack.digest()), coverage, "\nFormat:  ", OneLine(pack.format()),
                   "\nSize:    ", HumanSize(pack.size_bytes()), "\nEntries: ", pack.entries_size(), "\n");
  for (const pb::EntryInspection& entry : pack.entries()) {
    absl::StrAppendFormat(&text, "  bin/%-20s %s\n", OneLine(entry.name()), OneLine(entry.resolved()));
  }
  absl::StrAppend(&text, "Items:   ", pack.items_size(), "\n");
  for (const pb::ItemInspection& item : pack.items()) {
    absl::StrAppendFormat(&text, "  %10s  %s\n", HumanSize(item.size_bytes()), OneLine(item.name()));
  }
  return text;
}

absl::Status PrintJson(const pb::PackInspection& pack) {
  google::protobuf::util::JsonPrintOptions options;
  options.add_whitespace = true;
  options.always_print_primitive_fields = true;
  options.preserve_proto_field_names = true;
  std::string json;
  auto status = google::protobuf::util::MessageToJsonString(pack, &json, options);
  if (!status.ok()) return absl::InternalError(status.ToString());
  PrintOut(Shown(json, LineStyle::kJson));
  return absl::OkStatus();
}

int RunInspect(const std::string& pack, const std::string& format) {
  absl::StatusOr<pb::PackInspection> inspection = Inspect(pack);
  if (!inspection.ok()) return ReportError(inspection.status());
  if (format == "text") {
    PrintOut(TextOf(*inspection));
    return FinishOutput(0);
  }
  absl::Status status = PrintJson(*inspection);
  return status.ok() ? FinishOutput(0) : ReportError(status);
}

int RunVerify(const std::string& name) {
  absl::StatusOr<OpenedPack> pack = OpenedPack::Open(name);
  if (!pack.ok()) return ReportError(pack.status());
  InterruptGuard interrupt;
  absl::StatusOr<std::vector<Difference>> differences;
  {
    ProgressBar bar;
    differences = VerifyPack(pack->directory(), bar.callback());
  }
  interrupt.DieIfInterrupted();
  if (!differences.ok()) return ReportError(pack->Explain(differences.status()));
  for (const Difference& difference : *differences) {
    PrintOut(OneLine(absl::StrCat(difference.path, " ", difference.what)) + "\n");
  }
  return FinishOutput(differences->empty() ? 0 : 1);
}

// If the pack does not answer at first, it is an error; if it stops answering later, the command waits.
int RunOn(const std::string& pack, absl::FunctionRef<int()> work) {
  absl::Status answers = CheckAnswers(pack);
  if (!answers.ok()) return ReportError(answers);
  return RunWatched({pack}, [&](const PathNotes&) { return work(); });
}

}  // namespace

void AddPackInspect(CLI::App& pack, int* exit_status) {
  auto path = std::make_shared<std::string>();
  auto format = std::make_shared<std::string>();
  CLI::App* inspect = pack.add_subcommand("inspect", "Show what a pack holds");
  inspect->add_option("PACK", *path, "The pack's directory or image")->required();
  AddFormatOption(inspect, format.get(), {"text", "json"});
  inspect->footer(
      "Examples:\n"
      "  relocctl pack inspect pack\n"
      "  relocctl pack inspect --format json pack | jq .entries");
  inspect->callback([path, format, exit_status] {
    *exit_status = RunOn(*path, [&] { return RunInspect(*path, *format); });
  });
}

void AddPackVerify(CLI::App& pack, int* exit_status) {
  auto path = std::make_shared<std::string>();
  CLI::App* verify = pack.add_subcommand("verify", "Compare every file of a pack with its manifest");
  verify->add_option("PACK", *path, "The pack's directory or image")->required();
  verify->callback([path, exit_status] { *exit_status = RunOn(*path, [&] { return RunVerify(*path); }); });
  verify->footer(
      "Prints one line for each difference; exit status 1 if there is one.\n"
      "\n"
      "Examples:\n"
      "  relocctl pack verify pack\n"
      "  relocctl pack verify pack.sqfs");
}

}  // namespace reloc
