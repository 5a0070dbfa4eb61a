// A LaunchPlan: the flat list of steps that turns a process into the program.
//
// Policy (which engine, which paths) is decided when a plan is compiled: by the daemon, or when the pack is
// made, and then the plan is stored in the pack. The executor carries the plan out and decides nothing. A
// plan has two parts, and the daemon caches the result of the first:
//
//   prepare   makes what can be shared between launches (a root), and finds what the next part needs
//   enter     turns this process into the program, given what `prepare` made
//
// Encoding, little-endian; the golden files in tests/unit/launch fix it:
//   header   "RLPL", u16 version, u16 engine, u32 total size, u8[16] pack digest,
//            u16 prepare steps, u16 enter steps
//   step     u16 op, u16 flags, u16 size of a, u16 size of b, bytes of a, NUL, bytes of b, NUL
//
// Texts are templates: the bytes 1 to 3 are replaced by what only the launching process knows (Placeholder).
// Version 0 is never valid, so that a zeroed file is not a plan.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <array>
#include <new>
#include <span>

#include "reloc/base/result.h"
#include "reloc/base/text.h"

namespace reloc {

inline constexpr uint16_t kPlanVersion = 1;
inline constexpr size_t kMaxPlanBytes = 64 * 1024;
inline constexpr size_t kMaxPlanSteps = 64;

enum class Engine : uint16_t { kNone = 0, kUserns = 1, kFakechroot = 2, kProot = 3, kGraft = 4 };
inline constexpr size_t kEngineCount = 5;

// Returns "userns", "fakechroot", "proot", "graft"; "none" for kNone.
const char* EngineName(Engine engine);
// Returns kNone if there is no engine `name`.
Engine EngineByName(string_view name);

enum Placeholder : char {
  kPackDir = 1,  // absolute path of the pack, or of a copy that has its shape; no trailing slash
  kGraftDir =
      2,       // from kFindGraft: the path that the grafted store is made for, no trailing slash; kExec only
  kArgv0 = 3,  // argv[0] as the caller gave it
};

enum class Op : uint16_t {
  // prepare
  kUnshare = 1,     // new user namespace (ids map to themselves) and mount namespace
  kStageRoot = 2,   // a: store prefix. Stages a root that shows the host and has a directory at the prefix
  kBindStore = 3,   // a: store's real path, b: store prefix. Binds it there, read-only
  kEnterRoot = 4,   // makes the staged root the root
  kRequire = 6,     // a: path of a file that must be readable, b: the fix if it is not
  kFindTracer = 7,  // a: path of the pack's proot, otherwise the host's is taken, b: the fix if there is none
  kTraceStore = 8,  // a: store's real path, b: store prefix. What the tracer will show there
  kFindGraft = 9,   // a: store prefix, b: the fix if no grafted mirror is ready
  // enter
  kJoin = 16,        // joins the namespaces that `prepare` made
  kRestoreCwd = 17,  // the caller's working directory, by path
  kSetEnv = 18,      // a: name, b: value
  kPrependEnv = 19,  // a: name, b: value; put before an existing value with ':', so it must contain none
  kCommit = 20,      // from here on a failure is reported, never retried
  kArg = 21,         // a: argument before the caller's argv[1]
  kTrace = 24,       // a: path of the tracee, b: program. Starts the tracer, in which kExec then runs it
  kMapEnv = 23,      // a: name, b: store prefix. Puts the pack before the elements below the prefix
  kExec = 22,        // a: path to execute. Without kArg steps argv is the caller's, otherwise a is argv[0]
  // instead of all others
  kRefuse = 32,  // a: why the engine cannot run this program, b: the fix
};

struct Step {
  Op op;
  uint16_t flags = 0;  // none defined in version 1
  string_view a;       // NUL-terminated in memory
  string_view b;
};

// Returns a name for messages: "bind store".
const char* OpName(Op op);
// Returns the first step with `op`, or nullptr.
const Step* FindStep(std::span<const Step> steps, Op op);

using PackDigest = std::array<uint8_t, 16>;
// Appends its 32 hexadecimal digits.
void AppendDigest(const PackDigest& digest, TextBuffer* text);

// A validated plan over bytes that must outlive it. It has at most kMaxPlanSteps steps.
class Plan {
 public:
  // Checks everything that can be checked without executing: sizes, ops, order, arity, one kCommit before one
  // kExec. On failure `*why` is the reason. On success `*used` is the plan's size: plans may follow each
  // other.
  static bool Parse(std::span<const char> bytes, Plan* plan, size_t* used, const char** why);

  Engine engine() const { return engine_; }
  const PackDigest& digest() const { return digest_; }
  std::span<const Step> prepare() const { return {steps(), prepare_count_}; }
  std::span<const Step> enter() const { return {steps() + prepare_count_, enter_count_}; }
  // Returns the kRefuse step, or nullptr.
  const Step* refusal() const;

 private:
  bool CheckOrder(const char** why) const;
  const Step* steps() const { return std::launder(reinterpret_cast<const Step*>(memory_.data())); }

  Engine engine_ = Engine::kNone;
  PackDigest digest_{};
  size_t prepare_count_ = 0;
  size_t enter_count_ = 0;
  // Bytes and not an array of Step: a launch pays for each page that is touched, and most steps are unused.
  alignas(Step) std::array<char, kMaxPlanSteps * sizeof(Step)> memory_;
};

// Finds the plan of `engine` among `plans`, which follow each other. Returns false if there is none (`*why`
// is nullptr), or if a plan before it is damaged.
bool FindPlan(std::span<const char> plans, Engine engine, Plan* plan, const char** why);

// Writes a plan into memory of the caller. Prepare steps first, then enter steps.
class PlanWriter {
 public:
  PlanWriter(std::span<char> memory, Engine engine, const PackDigest& digest);
  PlanWriter& Add(Op op, string_view a = {}, string_view b = {});
  // Returns the encoded plan, or empty text if it did not fit.
  string_view Finish();

 private:
  void Put(const void* bytes, size_t size);
  std::span<char> memory_;
  size_t size_ = 0;
  bool overflowed_ = false;
  uint16_t prepare_count_ = 0;
  uint16_t enter_count_ = 0;
};

}  // namespace reloc
