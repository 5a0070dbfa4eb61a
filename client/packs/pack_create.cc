#include "client/packs/pack_create.h"

#include <filesystem>
#include <memory>
#include <string>
#include <system_error>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client/base/report.h"
#include "client/packs/pack_tools.h"
#include "reloc/hosted/files.h"
#include "reloc/hosted/status.h"
#include "reloc/pack/adopt.h"
#include "reloc/pack/builder.h"

namespace reloc {
namespace {

struct CreateOptions {
  std::string output;
  std::vector<std::string> host_programs;
  std::vector<std::string> added;
  std::vector<std::string> store_paths;
  std::string store_prefix;
  std::string store_directory;
  std::vector<std::string> entries;
  bool allow_missing = false;
};

absl::StatusOr<PackSummary> CreateFromStore(const CreateOptions& options, const PackTools& tools) {
  StoreSource source;
  for (const std::string& path : options.store_paths) {
    std::error_code error;
    source.paths.push_back(std::filesystem::absolute(path, error));
    if (error) return SystemError(error.value(), absl::StrCat("no absolute path for '", path, "'"));
  }
  RELOC_ASSIGN_OR_RETURN(source.entries, ParseEntries(options.entries));
  RELOC_ASSIGN_OR_RETURN(source.store,
                         FindStore(source.paths, options.store_prefix, options.store_directory));
  source.allow_missing = options.allow_missing;
  return CreatePackFromStore(source, options.output, tools);
}

absl::StatusOr<PackSummary> CreateFromHost(const CreateOptions& options, const PackTools& tools) {
  HostImportOptions import;
  import.programs = options.host_programs;
  import.add = options.added;
  import.progress = tools.progress;
  RELOC_ASSIGN_OR_RETURN(std::vector<EntrySpec> entries, ParseEntries(options.entries));
  return CreatePackFromHost(std::move(import), entries, options.output, tools);
}

// Names without a slash are looked up in $PATH.
std::vector<std::string> PathsOf(const CreateOptions& options) {
  std::vector<std::string> paths = {std::filesystem::path(options.output).parent_path().string(),
                                    options.store_directory, options.store_prefix};
  for (const std::vector<std::string>* more :
       {&options.host_programs, &options.added, &options.store_paths}) {
    paths.insert(paths.end(), more->begin(), more->end());
  }
  std::erase_if(paths, [](const std::string& path) { return path.empty(); });
  return paths;
}

int Create(const CreateOptions& options) {
  if (options.host_programs.empty() == options.store_paths.empty()) {
    return ReportMistake("pack create: say what to pack: --from-host PROGRAM... or --from-store PATH...");
  }
  return MakePack("created", options.output, PathsOf(options), [&](const PackTools& tools) {
    return options.host_programs.empty() ? CreateFromStore(options, tools) : CreateFromHost(options, tools);
  });
}

constexpr char kCreateFooter[] = R"(Examples:
  relocctl pack create -o sed-pack --from-host sed awk
  relocctl pack create -o tools.tar.zst --from-store ~/.guix-profile
  relocctl pack create -o tools.sqfs --from-store ~/.guix-profile
  relocctl pack create -o hello --from-store /nix/store/…-hello-2.12 --entry hi=bin/hello)";

constexpr char kEntryHelp[] =
    "Offer PATH (in the store, or relative to the first PATH) as bin/NAME, besides the programs in bin/ and "
    "sbin/";

}  // namespace

void AddPackCreate(CLI::App& pack, int* exit_status) {
  auto options = std::make_shared<CreateOptions>();
  CLI::App* create = pack.add_subcommand("create", "Make a pack of host programs or of a store's closure");
  create
      ->add_option("-o,--output", options->output,
                   "A new directory, or by its suffix .tar, .tar.gz, .tar.zst, .sqfs")
      ->type_name("OUT")
      ->required();
  create->add_option("--from-host", options->host_programs, "Programs of this host, with all that they load")
      ->type_name("PROGRAM");
  create
      ->add_option("--add", options->added,
                   "Data that the host's programs need, for example /usr/lib/python3.11")
      ->type_name("PATH");
  create
      ->add_option("--from-store", options->store_paths,
                   "Store items or profiles, with all that they refer to")
      ->type_name("PATH")
      ->excludes("--from-host", "--add");
  create->add_option("--store-prefix", options->store_prefix, "The store's path as programs know it")
      ->type_name("DIR");
  create->add_option("--store-dir", options->store_directory, "Where the store lies; default: at its prefix")
      ->type_name("DIR");
  create->add_option("--entry", options->entries, kEntryHelp)->type_name("NAME=PATH");
  create->add_flag("--allow-missing", options->allow_missing,
                   "Warn about references to items that are not in the store, instead of failing");
  create->footer(kCreateFooter);
  create->callback([options, exit_status] { *exit_status = Create(*options); });
}

void AddPackAdopt(CLI::App& pack, int* exit_status) {
  auto options = std::make_shared<AdoptOptions>();
  auto entries = std::make_shared<std::vector<std::string>>();
  CLI::App* adopt =
      pack.add_subcommand("adopt", "Make an unpacked `guix pack` or Nix tarball a pack, in place");
  adopt->add_option("DIR", options->directory, "The directory that holds gnu/store or nix/store")->required();
  adopt->add_option("--store-prefix", options->prefix, "The store's path as programs know it")
      ->type_name("DIR");
  adopt->add_option("--entry", *entries, kEntryHelp)->type_name("NAME=PATH");
  adopt->footer(
      "Examples:\n"
      "  mkdir tools && tar -xf guix-pack.tar.gz -C tools && relocctl pack adopt tools\n"
      "  relocctl pack adopt --entry hi=bin/hello tools");
  adopt->callback([options, entries, exit_status] {
    absl::StatusOr<std::vector<EntrySpec>> specs = ParseEntries(*entries);
    if (!specs.ok()) {
      *exit_status = ReportError(specs.status());
      return;
    }
    options->entries = *std::move(specs);
    *exit_status = MakePack("adopted", options->directory, {},
                            [&](const PackTools& tools) { return AdoptPack(*options, tools); });
  });
}

}  // namespace reloc
