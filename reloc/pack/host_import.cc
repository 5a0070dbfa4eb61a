// In three steps: find the programs, plan the items, write them. All user errors are found in the first two.
#include "reloc/pack/host_import.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <map>

#include "absl/strings/str_cat.h"
#include "reloc/base/path.h"
#include "reloc/hosted/status.h"
#include "reloc/pack/host_data.h"
#include "reloc/pack/host_item.h"
#include "reloc/pack/host_libraries.h"
#include "reloc/pack/host_program.h"
#include "reloc/pack/host_write.h"

namespace reloc {
namespace {

// How much Linux reads of a script's first line (BINPRM_BUF_SIZE less the NUL), and how much it read before
// 5.1.
constexpr size_t kMaxShebang = 255;
constexpr size_t kMaxOldShebang = 127;

absl::Status Annotate(const absl::Status& status, const std::string& subject) {
  return status.ok() ? status : absl::Status(status.code(), absl::StrCat(subject, ": ", status.message()));
}

// /usr of /usr/bin/python3.11.
std::string TreeOf(const std::string& program) { return std::string(DirName(DirName(program))); }

// Returns the program that finally runs, if this is a script.
const HostProgram& Executable(const HostProgram& program) {
  return program.interpreter ? Executable(*program.interpreter) : program;
}

absl::StatusOr<std::vector<HostProgram>> FindPrograms(const std::vector<std::string>& wanted) {
  const char* path = getenv("PATH");
  std::vector<HostProgram> programs;
  std::map<std::string, std::string> sources;  // by name
  for (const std::string& each : wanted) {
    RELOC_ASSIGN_OR_RETURN(HostProgram program,
                           FindHostProgram(each, path != nullptr ? path : "/usr/bin:/bin"));
    auto [known, is_new] = sources.emplace(program.name, program.source);
    if (!is_new && known->second != program.source)
      return absl::InvalidArgumentError(absl::StrCat("two programs are named ", program.name, ": ",
                                                     known->second, " and ", program.source));
    if (is_new) programs.push_back(std::move(program));
  }
  if (programs.empty()) return absl::InvalidArgumentError("no program to import was named");
  return programs;
}

// Plans the items of programs.
class Planner {
 public:
  Planner(ItemNames names, ProgressMeter* meter) : names_(std::move(names)), sources_(meter) {}

  absl::Status PlanData(const std::vector<std::string>& wanted, const std::vector<HostProgram>& programs) {
    std::vector<std::string> trees;
    std::vector<std::string> loaders;
    for (const HostProgram& program : programs) {
      trees.push_back(TreeOf(Executable(program).source));
      const std::string& loader = Executable(program).elf.interp;
      if (!loader.empty() && !std::count(loaders.begin(), loaders.end(), loader)) loaders.push_back(loader);
    }
    RELOC_ASSIGN_OR_RETURN(added_, LocateAddedData(wanted, trees));
    return PlanAddedData(&added_, std::move(loaders), &sources_, names_, &plan_);
  }

  // Plans the program's item, and returns its store path.
  absl::StatusOr<std::string> PlanProgram(const HostProgram& program) {
    absl::StatusOr<Program> made = program.shebang ? PlanScript(program) : PlanElf(program);
    if (!made.ok()) return Annotate(made.status(), program.source);
    const std::vector<HostFile> links = LinksToAddedData(added_);
    RELOC_ASSIGN_OR_RETURN(std::string fact, sources_.Fact(made->file.path, program.source));
    made->facts.push_back(std::move(fact));
    for (const HostFile& link : links) made->facts.push_back(absl::StrCat(link.path, " -> ", link.text));

    const std::string item = names_.Name(program.name, std::move(made->facts));
    std::vector<HostFile> files = {made->file};
    files.insert(files.end(), links.begin(), links.end());
    plan_.Add(item, std::move(files));
    if (program.set_id)
      plan_.warnings.push_back(program.source +
                               " is set-user-ID or set-group-ID; in a pack it runs as its caller");
    return names_.Path(item, made->file.path);
  }

  // Returns the symlinks to data. None are in bin/, which is for the entries.
  std::vector<PackLink> PackLinks() const {
    std::vector<PackLink> links;
    for (const AddedData::Path& path : added_.paths)
      if (!IsBelow(path.place, "bin")) links.push_back({path.place, names_.Path(added_.item, path.place)});
    return links;
  }

  HostPlan& plan() { return plan_; }

 private:
  struct Program {
    HostFile file;
    std::vector<std::string> facts;  // what the item's hash covers
  };

  absl::StatusOr<Program> PlanElf(const HostProgram& program) {
    Program made;
    made.file = {.kind = HostFile::Kind::kElf, .path = "bin/" + program.name, .source = program.source};
    if (program.elf.static_executable) {
      made.file.kind = HostFile::Kind::kCopy;
      return made;
    }
    RELOC_ASSIGN_OR_RETURN(LoadedLibraries loaded, AskLoader(program.elf.interp, program.source));
    LibraryGraph graph(std::move(loaded), &sources_, &names_, &added_);
    RELOC_ASSIGN_OR_RETURN(made.facts, graph.Facts(program.elf.needed));
    RELOC_ASSIGN_OR_RETURN(made.file.run_path, graph.Directories(program.elf.needed));
    RELOC_ASSIGN_OR_RETURN(made.file.needed, graph.LibcPaths(program.elf.needed));
    made.file.run_path = WithOwnRunPath(std::move(made.file.run_path), program.elf);
    RELOC_ASSIGN_OR_RETURN(made.file.interpreter, graph.Loader());
    RELOC_RETURN_IF_ERROR(graph.AddItems(program.elf.needed, &plan_));
    return made;
  }

  absl::StatusOr<Program> PlanScript(const HostProgram& program) {
    RELOC_ASSIGN_OR_RETURN(const std::string interpreter, PlanProgram(*program.interpreter));
    Program made;
    made.file = {.kind = HostFile::Kind::kScript,
                 .path = "bin/" + program.name,
                 .source = program.source,
                 .text = "#!" + interpreter,
                 .replaced = program.shebang->size};
    if (!program.shebang->argument.empty()) absl::StrAppend(&made.file.text, " ", program.shebang->argument);
    RELOC_RETURN_IF_ERROR(CheckShebang(program.source, made.file.text));
    made.facts = {made.file.text};
    return made;
  }

  absl::Status CheckShebang(const std::string& source, const std::string& line) {
    if (line.size() > kMaxShebang)
      return absl::InvalidArgumentError(
          absl::StrCat("its first line would be longer than Linux allows: ", line));
    if (line.size() > kMaxOldShebang)
      plan_.warnings.push_back(absl::StrCat(source, ": its first line becomes longer than the ",
                                            kMaxOldShebang, " characters that Linux before 5.1 allows"));
    return absl::OkStatus();
  }

  const ItemNames names_;
  SourceFiles sources_;
  AddedData added_;
  HostPlan plan_;
};

absl::Status CheckOptions(const HostImportOptions& options) {
  if (!IsCleanAbsolute(options.prefix))
    return absl::InvalidArgumentError("the store prefix is not a clean absolute path: " + options.prefix);
  std::error_code error;
  if (std::filesystem::is_empty(options.store_dir, error) && !error) return absl::OkStatus();
  return absl::FailedPreconditionError(options.store_dir + " is not an empty directory");
}

}  // namespace

absl::StatusOr<HostImport> ImportHostPrograms(const HostImportOptions& options) {
  RELOC_RETURN_IF_ERROR(CheckOptions(options));
  RELOC_ASSIGN_OR_RETURN(const std::vector<HostProgram> programs, FindPrograms(options.programs));
  RELOC_ASSIGN_OR_RETURN(std::string tool, PatchelfVersion());

  HostImport result;
  result.prefix = options.prefix;
  HostPlan plan;
  {
    ProgressMeter meter(options.progress, "examining");
    Planner planner(ItemNames(options.prefix, std::move(tool)), &meter);
    RELOC_RETURN_IF_ERROR(planner.PlanData(options.add, programs));
    for (const HostProgram& program : programs) {
      RELOC_ASSIGN_OR_RETURN(std::string path, planner.PlanProgram(program));
      result.entries.push_back({program.name, std::move(path)});
    }
    result.links = planner.PackLinks();
    plan = std::move(planner.plan());
  }
  RELOC_RETURN_IF_ERROR(WriteItems(plan, options.store_dir, options.progress));
  result.warnings = std::move(plan.warnings);
  return result;
}

}  // namespace reloc
