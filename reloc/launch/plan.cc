#include "reloc/launch/plan.h"

#include <string.h>

#include "reloc/base/path.h"

namespace reloc {
namespace {

constexpr char kMagic[4] = {'R', 'L', 'P', 'L'};

struct Header {
  char magic[4];
  uint16_t version;
  uint16_t engine;
  uint32_t size;
  uint8_t digest[16];
  uint16_t prepare_count;
  uint16_t enter_count;
};
static_assert(sizeof(Header) == 32);

struct StepHeader {
  uint16_t op;
  uint16_t flags;
  uint16_t size_a;
  uint16_t size_b;
};
static_assert(sizeof(StepHeader) == 8);

constexpr const char* kEngineNames[kEngineCount] = {"none", "userns", "fakechroot", "proot", "graft"};

// The name of each op, the part that it belongs to, and the texts that it requires.
struct Shape {
  const char* name;
  Op op;
  bool prepare;
  bool needs_a;
  bool needs_b;
  bool takes_b;
};
constexpr Shape kShapes[] = {
    {"unshare", Op::kUnshare, true, false, false, false},
    {"stage root", Op::kStageRoot, true, true, false, false},
    {"bind store", Op::kBindStore, true, true, true, true},
    {"enter root", Op::kEnterRoot, true, false, false, false},
    {"find", Op::kRequire, true, true, true, true},
    {"join", Op::kJoin, false, false, false, false},
    {"restore working directory", Op::kRestoreCwd, false, false, false, false},
    {"set variable", Op::kSetEnv, false, true, false, true},
    {"prepend to variable", Op::kPrependEnv, false, true, true, true},
    {"commit", Op::kCommit, false, false, false, false},
    {"argument", Op::kArg, false, true, false, false},
    {"exec", Op::kExec, false, true, false, false},
    {"map variable", Op::kMapEnv, false, true, true, true},
    {"find tracer", Op::kFindTracer, true, true, true, true},
    {"trace store", Op::kTraceStore, true, true, true, true},
    {"find graft", Op::kFindGraft, true, true, true, true},
    {"trace", Op::kTrace, false, true, true, true},
    {"refuse", Op::kRefuse, false, true, true, true},
};

const Shape* ShapeOf(Op op) {
  for (const Shape& shape : kShapes) {
    if (shape.op == op) return &shape;
  }
  return nullptr;
}

bool IsPrepareOp(Op op) {
  const Shape* shape = ShapeOf(op);
  return shape != nullptr && shape->prepare;
}

// Returns whether `path` is a path template: clean and absolute after a leading kPackDir is replaced.
bool IsPathTemplate(string_view path) {
  if (!path.empty() && path[0] == kPackDir) {
    return path.size() == 1 || IsCleanAbsolute(Suffix(path, 1));
  }
  return IsCleanAbsolute(path);
}

bool IsInGraft(string_view path) { return !path.empty() && path[0] == kGraftDir; }

const char* CheckPaths(const Step& step) {
  switch (step.op) {
    case Op::kStageRoot:
    case Op::kRequire:
    case Op::kFindTracer:
      return IsPathTemplate(step.a) ? nullptr : "a path that is not absolute and clean";
    case Op::kExec:
      return (IsInGraft(step.a) ? IsCleanAbsolute(Suffix(step.a, 1)) : IsPathTemplate(step.a))
                 ? nullptr
                 : "a path that is not absolute and clean";
    case Op::kFindGraft:
      return IsCleanAbsolute(step.a) ? nullptr : "a path that is not absolute and clean";
    case Op::kBindStore:
    case Op::kTraceStore:
    case Op::kTrace:
      return IsPathTemplate(step.a) && IsCleanAbsolute(step.b) ? nullptr
                                                               : "a path that is not absolute and clean";
    case Op::kSetEnv:
    case Op::kPrependEnv:
      return memchr(step.a.data(), '=', step.a.size()) == nullptr ? nullptr : "a variable name with '='";
    case Op::kMapEnv:
      if (memchr(step.a.data(), '=', step.a.size()) != nullptr) return "a variable name with '='";
      return IsCleanAbsolute(step.b) ? nullptr : "a path that is not absolute and clean";
    default:
      return nullptr;
  }
}

const char* CheckStep(const Step& step, bool prepare) {
  const Shape* shape = ShapeOf(step.op);
  if (shape == nullptr) return "an unknown step";
  if (step.flags != 0) return "unknown step flags";
  if (shape->prepare != prepare) return "a step in the wrong part";
  if (shape->needs_a == step.a.empty()) return "a step with the wrong arguments";
  if (shape->needs_b && step.b.empty()) return "a step with too few arguments";
  if (!shape->takes_b && !step.b.empty()) return "a step with too many arguments";
  return CheckPaths(step);
}

// Takes `size` bytes and their NUL from `*rest`. Returns false if they are missing, or contain a NUL.
bool TakeText(std::span<const char>* rest, size_t size, string_view* text) {
  if (rest->size() <= size) return false;
  if ((*rest)[size] != '\0' || memchr(rest->data(), '\0', size) != nullptr) return false;
  *text = string_view(rest->data(), size);
  *rest = std::span<const char>(rest->data() + size + 1, rest->size() - size - 1);
  return true;
}

bool TakeStep(std::span<const char>* rest, Step* step) {
  StepHeader header;
  if (rest->size() < sizeof header) return false;
  memcpy(&header, rest->data(), sizeof header);
  *rest = std::span<const char>(rest->data() + sizeof header, rest->size() - sizeof header);
  step->op = static_cast<Op>(header.op);
  step->flags = header.flags;
  return TakeText(rest, header.size_a, &step->a) && TakeText(rest, header.size_b, &step->b);
}

const char* CheckHeader(const Header& header, size_t available) {
  if (memcmp(header.magic, kMagic, sizeof kMagic) != 0) return "not a launch plan";
  if (header.version != kPlanVersion) return "a launch plan of another version";
  if (header.engine == 0 || header.engine >= kEngineCount) return "an unknown engine";
  if (header.size < sizeof header || header.size > kMaxPlanBytes || header.size > available)
    return "truncated";
  if (header.prepare_count + header.enter_count > static_cast<int>(kMaxPlanSteps)) return "too many steps";
  return nullptr;
}

}  // namespace

void AppendDigest(const PackDigest& digest, TextBuffer* text) {
  constexpr char kDigits[] = "0123456789abcdef";
  for (uint8_t byte : digest) *text << kDigits[byte >> 4] << kDigits[byte & 15];
}

const char* EngineName(Engine engine) {
  size_t index = static_cast<size_t>(engine);
  return index < kEngineCount ? kEngineNames[index] : "unknown";
}

Engine EngineByName(string_view name) {
  for (size_t i = 1; i < kEngineCount; ++i) {
    if (name == kEngineNames[i]) return static_cast<Engine>(i);
  }
  return Engine::kNone;
}

const char* OpName(Op op) {
  const Shape* shape = ShapeOf(op);
  return shape != nullptr ? shape->name : "unknown step";
}

const Step* FindStep(std::span<const Step> steps, Op op) {
  for (const Step& step : steps) {
    if (step.op == op) return &step;
  }
  return nullptr;
}

bool Plan::Parse(std::span<const char> bytes, Plan* plan, size_t* used, const char** why) {
  Header header;
  *why = "truncated";
  if (bytes.size() < sizeof header) return false;
  memcpy(&header, bytes.data(), sizeof header);
  *why = CheckHeader(header, bytes.size());
  if (*why != nullptr) return false;
  plan->engine_ = static_cast<Engine>(header.engine);
  memcpy(plan->digest_.data(), header.digest, sizeof header.digest);
  plan->prepare_count_ = header.prepare_count;
  plan->enter_count_ = header.enter_count;
  std::span<const char> rest(bytes.data() + sizeof header, header.size - sizeof header);
  size_t count = static_cast<size_t>(header.prepare_count) + header.enter_count;
  for (size_t i = 0; i < count; ++i) {
    *why = "a truncated step";
    Step* step = new (plan->memory_.data() + i * sizeof(Step)) Step;
    if (!TakeStep(&rest, step)) return false;
    *why = CheckStep(*step, i < header.prepare_count);
    if (*why != nullptr) return false;
  }
  *why = "bytes after the last step";
  if (!rest.empty()) return false;
  *used = header.size;
  return plan->CheckOrder(why);
}

bool Plan::CheckOrder(const char** why) const {
  if (enter_count_ == 1 && prepare_count_ == 0 && refusal() != nullptr) return true;
  *why = "steps that do not end with one commit and one exec";
  int commits = 0;
  for (size_t i = 0; i < enter_count_; ++i) {
    const Step& step = enter()[i];
    bool last = i + 1 == enter_count_;
    if (step.op == Op::kRefuse) return false;
    if ((step.op == Op::kExec) != last) return false;
    if (step.op == Op::kCommit) ++commits;
    if ((step.op == Op::kJoin || step.op == Op::kTrace) && commits > 0) return false;
  }
  if (commits != 1) return false;
  *why = "a program in a graft that no step finds";
  return !IsInGraft(enter()[enter_count_ - 1].a) || FindStep(prepare(), Op::kFindGraft) != nullptr;
}

const Step* Plan::refusal() const {
  return enter_count_ > 0 && enter()[0].op == Op::kRefuse ? &enter()[0] : nullptr;
}

bool FindPlan(std::span<const char> plans, Engine engine, Plan* plan, const char** why) {
  *why = nullptr;
  while (!plans.empty()) {
    size_t used = 0;
    const char* damage = nullptr;
    if (!Plan::Parse(plans, plan, &used, &damage)) {
      *why = damage;
      return false;
    }
    if (plan->engine() == engine) return true;
    plans = {plans.data() + used, plans.size() - used};
  }
  return false;
}

PlanWriter::PlanWriter(std::span<char> memory, Engine engine, const PackDigest& digest) : memory_(memory) {
  Header header{};
  memcpy(header.magic, kMagic, sizeof kMagic);
  header.version = kPlanVersion;
  header.engine = static_cast<uint16_t>(engine);
  memcpy(header.digest, digest.data(), sizeof header.digest);
  Put(&header, sizeof header);
}

void PlanWriter::Put(const void* bytes, size_t size) {
  if (overflowed_ || size > memory_.size() - size_) {
    overflowed_ = true;
    return;
  }
  if (size != 0) memcpy(memory_.data() + size_, bytes, size);
  size_ += size;
}

PlanWriter& PlanWriter::Add(Op op, string_view a, string_view b) {
  if (a.size() > UINT16_MAX || b.size() > UINT16_MAX) overflowed_ = true;
  StepHeader header{static_cast<uint16_t>(op), 0, static_cast<uint16_t>(a.size()),
                    static_cast<uint16_t>(b.size())};
  Put(&header, sizeof header);
  Put(a.data(), a.size());
  Put("", 1);
  Put(b.data(), b.size());
  Put("", 1);
  ++(IsPrepareOp(op) ? prepare_count_ : enter_count_);
  return *this;
}

string_view PlanWriter::Finish() {
  if (overflowed_ || size_ > kMaxPlanBytes) return {};
  Header header;
  memcpy(&header, memory_.data(), sizeof header);
  header.size = static_cast<uint32_t>(size_);
  header.prepare_count = prepare_count_;
  header.enter_count = enter_count_;
  memcpy(memory_.data(), &header, sizeof header);
  return {memory_.data(), size_};
}

}  // namespace reloc
