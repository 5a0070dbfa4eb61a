#include "reloc/launch/engines.h"

#include <unistd.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "client/base/installation.h"
#include "client/host/doctor/checks.h"
#include "reloc/engine/probe.h"
#include "reloc/hosted/text.h"

namespace reloc {
namespace {

Finding ToFinding(const EngineReport& report, bool another_works) {
  std::string check = absl::StrCat("engine ", EngineName(report.engine));
  if (report.works) return Ok(check, "works");
  return {another_works ? Health::kWarning : Health::kFailure, check, report.obstacle, report.fix};
}

// Checks the value of $RELOC_ENGINE.
Finding CheckChoice(const std::vector<EngineReport>& reports) {
  const EngineChain chain = EngineChainFromEnv(environ);
  if (!chain.unknown.empty()) {
    return Warn("RELOC_ENGINE", absl::StrCat("'", Text(chain.unknown), "' is no engine, and is ignored"),
                "relocctl engines tells their names");
  }
  for (const EngineReport& report : reports) {
    bool asked = std::find(chain.engines.begin(), chain.engines.end(), report.engine) != chain.engines.end();
    if (asked && report.works) return Ok("RELOC_ENGINE", "asks for what works");
  }
  return Fail("RELOC_ENGINE", "no engine that is asked for works here",
              "unset RELOC_ENGINE, or see the engines' cures");
}

}  // namespace

Findings CheckEngines() {
  const std::string modules = FindModules().value_or("");
  std::vector<EngineReport> reports;
  bool any_works = false;
  for (Engine engine : ParseEngineChain("default").engines) {
    // Skips the engine that depends on the pack: there is nothing to fix here.
    if (engine == Engine::kNone || engine == Engine::kGraft) continue;
    reports.push_back(ProbeEngine(engine, modules));
    any_works = any_works || reports.back().works;
  }
  Findings findings;
  for (const EngineReport& report : reports) findings.push_back(ToFinding(report, any_works));
  if (Finding chosen = CheckChoice(reports); chosen.health != Health::kGood) findings.push_back(chosen);
  return findings;
}

}  // namespace reloc
