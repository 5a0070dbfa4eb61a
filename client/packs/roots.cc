#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client/base/control_client.h"
#include "client/base/format.h"
#include "client/base/mirror_list.h"
#include "client/base/report.h"
#include "client/packs/commands.h"
#include "reloc/hosted/status.h"

namespace reloc {
namespace {

Record RootRecord(const relocd::v1::Root& root) {
  return {
      {"pack", JsonText(root.pack())},
      {"store_prefix", JsonText(root.store_prefix())},
      {"digest", JsonText(root.digest())},
      {"mount_namespace", JsonNumber(static_cast<double>(root.mount_namespace()))},
      {"jobs", JsonNumber(root.jobs())},
      {"created_at", JsonTime(root.created_at())},
      {"used_at", JsonTime(root.used_at())},
      {"mirror", root.mirror().empty() ? JsonNull() : JsonText(root.mirror())},
  };
}

std::string RootsTable(const std::vector<relocd::v1::Root>& roots) {
  std::vector<std::vector<std::string>> rows = {{"NAMESPACE", "JOBS", "STORE PREFIX", "MIRROR", "PACK"}};
  for (const relocd::v1::Root& root : roots) {
    const std::string prefix = root.store_prefix().empty() ? "(image)" : root.store_prefix();
    const std::string mirror = root.mirror().empty() ? "-" : ShortMirrorName(root.mirror());
    rows.push_back(
        {absl::StrCat(root.mount_namespace()), absl::StrCat(root.jobs()), prefix, mirror, root.pack()});
  }
  return Table(rows);
}

absl::Status ListRoots(const std::string& format) {
  RELOC_ASSIGN_OR_RETURN(auto client, ControlClient::Connect());
  RELOC_ASSIGN_OR_RETURN(std::vector<relocd::v1::Root> roots, client->ListRoots());
  if (format == "json") {
    std::vector<Record> records;
    for (const relocd::v1::Root& root : roots) records.push_back(RootRecord(root));
    PrintOut(ToJson(records) + "\n");
  } else {
    PrintOut(RootsTable(roots));
  }
  return FlushOut();
}

absl::Status PruneRoots() {
  RELOC_ASSIGN_OR_RETURN(auto client, ControlClient::Connect());
  auto stub = relocd::v1::Roots::NewStub(client->channel());
  relocd::v1::PruneRootsResponse pruned;
  RELOC_RETURN_IF_ERROR(
      client->Call([&](grpc::ClientContext* context) { return stub->Prune(context, {}, &pruned); }));
  PrintOut(absl::StrCat(pruned.dropped(), " dropped, ", pruned.kept(), " in use\n"));
  return FlushOut();
}

}  // namespace

void AddRootsCommand(CLI::App& app, int* exit_status) {
  auto format = std::make_shared<std::string>();
  CLI::App* roots = app.add_subcommand("roots", "The roots that the daemon keeps ready");
  roots->require_subcommand(1);
  CLI::App* ls = roots->add_subcommand("ls", "List them");
  AddFormatOption(ls, format.get());
  ls->footer(
      "A root is a view of the file system in which a pack's store lies at its path. Launches join it.\n"
      "\n"
      "Examples:\n"
      "  relocctl roots ls");
  ls->callback([format, exit_status] { *exit_status = ExitStatus(ListRoots(*format)); });
  CLI::App* prune =
      roots->add_subcommand("prune", "Drop those that no job uses; they are made anew if wanted");
  prune->footer("Examples:\n  relocctl roots prune");
  prune->callback([exit_status] { *exit_status = ExitStatus(PruneRoots()); });
}

}  // namespace reloc
