#include "reloc/launch/wire.h"

#include <string.h>

#include <array>

namespace reloc {
namespace {

constexpr char kMagic[4] = {'R', 'L', 'W', 'R'};

class Writer {
 public:
  Writer(std::span<char> memory, MessageType type) : memory_(memory) {
    WireHeader header{};
    memcpy(header.magic, kMagic, sizeof kMagic);
    header.version_min = kWireVersionMin;
    header.version_max = kWireVersion;
    header.type = static_cast<uint16_t>(type);
    Bytes(&header, sizeof header);
  }
  Writer& Bytes(const void* bytes, size_t size) {
    overflowed_ = overflowed_ || size > memory_.size() - size_;
    if (overflowed_ || size == 0) return *this;
    memcpy(memory_.data() + size_, bytes, size);
    size_ += size;
    return *this;
  }
  template <typename T>
  Writer& Number(T value) {
    return Bytes(&value, sizeof value);
  }
  Writer& Text(string_view text) {
    return Number(static_cast<uint32_t>(text.size())).Bytes(text.data(), text.size());
  }
  string_view Finish() {
    if (overflowed_ || size_ > kMaxMessageBytes) return {};
    uint32_t size = static_cast<uint32_t>(size_);
    memcpy(memory_.data() + offsetof(WireHeader, size), &size, sizeof size);
    return {memory_.data(), size_};
  }

 private:
  std::span<char> memory_;
  size_t size_ = 0;
  bool overflowed_ = false;
};

class Reader {
 public:
  explicit Reader(std::span<const char> bytes) : rest_(bytes.data(), bytes.size()) {}
  void Bytes(void* target, size_t size) {
    ok_ = ok_ && size <= rest_.size();
    if (!ok_) return;
    memcpy(target, rest_.data(), size);
    rest_ = Suffix(rest_, size);
  }
  template <typename T>
  void Number(T* value) {
    Bytes(value, sizeof *value);
  }
  void Text(string_view* text) {
    uint32_t size = 0;
    Number(&size);
    ok_ = ok_ && size <= rest_.size();
    if (!ok_) return;
    *text = Prefix(rest_, size);
    rest_ = Suffix(rest_, size);
  }
  bool Finished() const { return ok_ && rest_.empty(); }

 private:
  string_view rest_;
  bool ok_ = true;
};

template <typename Codec, typename Context>
void CodeRoot(Codec code, Context* context) {
  code(&context->root.device);
  code(&context->root.inode);
  code(&context->root_mount);
  code(&context->root_mtime);
}

// Three numbers: the caller's user, mount and PID namespace; in kStarted, 0 and the mark. Shims that are
// older than marks send the caller's namespaces there too, and so no 0.
using NamespaceSlots = std::array<uint64_t, 3>;

NamespaceSlots PackNamespaces(const LaunchMessage& m) {
  if (m.type == MessageType::kStarted) return {0, m.mark.mount, m.mark.uts};
  return {m.caller.user_ns, m.caller.mount_ns, m.caller.pid_ns};
}

void UnpackNamespaces(const NamespaceSlots& slots, LaunchMessage* m) {
  if (m->type == MessageType::kLaunch) {
    m->caller.user_ns = slots[0], m->caller.mount_ns = slots[1], m->caller.pid_ns = slots[2];
  } else if (slots[0] == 0) {
    m->mark = {slots[1], slots[2]};
  }
}

bool KnownEnums(Engine engine, Reason reason) {
  return static_cast<size_t>(engine) < kEngineCount && static_cast<size_t>(reason) < kReasonCount;
}

// The texts of a message are used as C strings and in JSON; only argv may contain NULs.
bool NoNul(string_view text) { return text.empty() || memchr(text.data(), '\0', text.size()) == nullptr; }

bool ValidTexts(const LaunchMessage& m) {
  bool argv_ok = m.argv.size() <= kMaxArgvBytes && (m.argv.empty() || m.argv[m.argv.size() - 1] == '\0');
  return argv_ok && NoNul(m.prefix) && NoNul(m.pack) && NoNul(m.entry) && NoNul(m.program) &&
         NoNul(m.slurm_job);
}

// Returns the body after the header, if the type is the expected one.
bool Body(std::span<const char> bytes, MessageType* type, std::span<const char>* body) {
  if (CheckHeader(bytes, type) != WireError::kNone) return false;
  *body = std::span<const char>(bytes.data() + sizeof(WireHeader), bytes.size() - sizeof(WireHeader));
  return true;
}

}  // namespace

WireError CheckHeader(std::span<const char> bytes, MessageType* type) {
  WireHeader header;
  if (bytes.size() < sizeof header) return WireError::kMalformed;
  memcpy(&header, bytes.data(), sizeof header);
  if (memcmp(header.magic, kMagic, sizeof kMagic) != 0) return WireError::kMalformed;
  if (header.size != bytes.size() || header.version_min == 0) return WireError::kMalformed;
  if (header.version_min > header.version_max) return WireError::kMalformed;
  *type = static_cast<MessageType>(header.type);
  bool common = header.version_min <= kWireVersion && header.version_max >= kWireVersionMin;
  return common ? WireError::kNone : WireError::kVersion;
}

uint16_t ChosenVersion(std::span<const char> bytes) {
  WireHeader header;
  memcpy(&header, bytes.data(), sizeof header);
  return header.version_max < kWireVersion ? header.version_max : kWireVersion;
}

void NameVersion(std::span<char> message, uint16_t version) {
  memcpy(message.data() + offsetof(WireHeader, version_min), &version, sizeof version);
  memcpy(message.data() + offsetof(WireHeader, version_max), &version, sizeof version);
}

bool Decode(std::span<const char> bytes, LaunchMessage* m) {
  std::span<const char> body;
  if (!Body(bytes, &m->type, &body)) return false;
  if (m->type != MessageType::kLaunch && m->type != MessageType::kStarted && m->type != MessageType::kWanted)
    return false;
  Reader reader(body);
  reader.Number(&m->engine);
  reader.Number(&m->reason);
  NamespaceSlots namespaces{};
  reader.Bytes(namespaces.data(), sizeof namespaces);
  UnpackNamespaces(namespaces, m);
  CodeRoot([&](uint64_t* value) { reader.Number(value); }, &m->caller);
  reader.Number(&m->store.device);
  reader.Number(&m->store.inode);
  reader.Bytes(m->digest.data(), m->digest.size());
  for (string_view* text : {&m->prefix, &m->pack, &m->entry, &m->program, &m->argv, &m->slurm_job}) {
    reader.Text(text);
  }
  return reader.Finished() && KnownEnums(m->engine, m->reason) && ValidTexts(*m);
}

bool Decode(std::span<const char> bytes, ReplyMessage* m) {
  MessageType type;
  std::span<const char> body;
  if (!Body(bytes, &type, &body) || type != MessageType::kReply) return false;
  Reader reader(body);
  reader.Number(&m->reason);
  reader.Text(&m->text);
  reader.Text(&m->plan);
  return reader.Finished() && KnownEnums(Engine::kNone, m->reason) && NoNul(m->text);
}

bool Decode(std::span<const char> bytes, ReserveMessage* m) {
  MessageType type;
  std::span<const char> body;
  if (!Body(bytes, &type, &body) || type != MessageType::kReserve) return false;
  Reader reader(body);
  uint32_t reserved;
  reader.Number(&reserved);
  reader.Text(&m->name);
  return reader.Finished() && NoNul(m->name);
}

bool Decode(std::span<const char> bytes, ReservedMessage* m) {
  MessageType type;
  std::span<const char> body;
  if (!Body(bytes, &type, &body) || type != MessageType::kReserved) return false;
  Reader reader(body);
  reader.Number(&m->reason);
  for (string_view* text : {&m->text, &m->id, &m->output_dir}) reader.Text(text);
  reader.Number(&m->output_limit);
  return reader.Finished() && KnownEnums(Engine::kNone, m->reason) && NoNul(m->text) && NoNul(m->id) &&
         NoNul(m->output_dir);
}

bool Decode(std::span<const char> bytes, JobMessage* m) {
  std::span<const char> body;
  if (!Body(bytes, &m->type, &body)) return false;
  if (m->type < MessageType::kBind || m->type > MessageType::kAbandoned) return false;
  Reader reader(body);
  reader.Text(&m->id);
  reader.Number(&m->wait_status);
  return reader.Finished() && NoNul(m->id);
}

string_view Encode(const LaunchMessage& m, std::span<char> memory) {
  Writer writer(memory, m.type);
  writer.Number(m.engine).Number(m.reason);
  NamespaceSlots namespaces = PackNamespaces(m);
  writer.Bytes(namespaces.data(), sizeof namespaces);
  CodeRoot([&](const uint64_t* value) { writer.Number(*value); }, &m.caller);
  writer.Number(m.store.device).Number(m.store.inode).Bytes(m.digest.data(), m.digest.size());
  for (string_view text : {m.prefix, m.pack, m.entry, m.program, m.argv, m.slurm_job}) writer.Text(text);
  return writer.Finish();
}

string_view Encode(const ReplyMessage& m, std::span<char> memory) {
  Writer writer(memory, MessageType::kReply);
  return writer.Number(m.reason).Text(m.text).Text(m.plan).Finish();
}

string_view EncodeMaking(std::span<char> memory) { return Writer(memory, MessageType::kMaking).Finish(); }

string_view Encode(const ReserveMessage& m, std::span<char> memory) {
  Writer writer(memory, MessageType::kReserve);
  return writer.Number(uint32_t{0}).Text(m.name).Finish();
}

string_view Encode(const ReservedMessage& m, std::span<char> memory) {
  Writer writer(memory, MessageType::kReserved);
  writer.Number(m.reason).Text(m.text).Text(m.id).Text(m.output_dir);
  return writer.Number(m.output_limit).Finish();
}

string_view Encode(const JobMessage& m, std::span<char> memory) {
  Writer writer(memory, m.type);
  return writer.Text(m.id).Number(m.wait_status).Finish();
}

string_view FlattenArgv(const char* const* argv, std::span<char> memory) {
  size_t limit = memory.size() < kMaxArgvBytes ? memory.size() : kMaxArgvBytes;
  size_t size = 0;
  for (; *argv != nullptr; ++argv) {
    size_t length = strlen(*argv) + 1;
    if (length > limit - size) break;
    memcpy(memory.data() + size, *argv, length);
    size += length;
  }
  return {memory.data(), size};
}

}  // namespace reloc
