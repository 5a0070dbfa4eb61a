// Encodes plans as std::string, for the hosted layers.
#pragma once

#include <string>
#include <vector>

#include "reloc/launch/plan.h"
#include "reloc/pack/program.h"

namespace reloc {

class PlanText {
 public:
  PlanText(Engine engine, const PackDigest& digest)
      : memory_(kMaxPlanBytes), writer_(memory_, engine, digest) {}
  PlanText& Add(Op op, string_view a = {}, string_view b = {}) {
    writer_.Add(op, a, b);
    return *this;
  }
  // Returns the plan; empty if it did not fit into kMaxPlanBytes.
  std::string Finish() { return std::string(writer_.Finish()); }

 private:
  std::vector<char> memory_;
  PlanWriter writer_;
};

// Returns the template of a path below the pack's directory: "/gnu/store" -> "<pack>/gnu/store".
inline std::string InPack(string_view path) { return std::string(1, kPackDir).append(path); }

// Returns the path of a file that an engine needs: in the pack, or in relocd's own directory for a tree that
// is no pack.
inline std::string Module(const ProgramSpec& program, string_view name) {
  return std::string(program.modules.empty() ? InPack("/.reloc/lib") : program.modules).append(name);
}
inline constexpr char kNoModule[] = "the pack is incomplete: relocctl pack verify tells more";

}  // namespace reloc
