#include "client/base/mirror_list.h"

#include <google/protobuf/util/time_util.h>
#include <unistd.h>

#include <vector>

#include "absl/strings/str_cat.h"
#include "client/base/format.h"
#include "client/base/job_record.h"
#include "reloc/hosted/human_size.h"
#include "reloc/hosted/status.h"
#include "reloc/hosted/text.h"
#include "reloc/mirror/mirror_cache.h"

namespace reloc {
namespace {

constexpr size_t kShortDigest = 12;

const char* StateName(relocd::v1::Mirror::State state) {
  switch (state) {
    case relocd::v1::Mirror::STATE_READY:
      return "ready";
    case relocd::v1::Mirror::STATE_MAKING:
      return "making";
    case relocd::v1::Mirror::STATE_WAITING:
      return "waiting";
    case relocd::v1::Mirror::STATE_DAMAGED:
      return "damaged";
    default:
      return "unknown";
  }
}

JsonValue TextOrNull(const std::string& text) { return text.empty() ? JsonNull() : JsonText(text); }

bool IsMade(const relocd::v1::Mirror& mirror) {
  return mirror.state() == relocd::v1::Mirror::STATE_READY ||
         mirror.state() == relocd::v1::Mirror::STATE_DAMAGED;
}

// Returns a mirror's fields; those that are unknown, because it is not made yet, are null.
Record MirrorRecord(const relocd::v1::Mirror& mirror) {
  const bool ready = IsMade(mirror);
  return {
      {"name", TextOrNull(mirror.name())},
      {"kind", JsonText(mirror.kind())},
      {"digest", TextOrNull(mirror.digest())},
      {"state", JsonText(StateName(mirror.state()))},
      {"pack", JsonText(mirror.pack())},
      {"store_prefix", TextOrNull(mirror.store_prefix())},
      {"path", TextOrNull(mirror.path())},
      {"bytes", ready ? JsonNumber(static_cast<double>(mirror.bytes())) : JsonNull()},
      {"jobs", JsonNumber(mirror.jobs())},
      {"used_at", ready ? JsonTime(mirror.used_at()) : JsonNull()},
  };
}

std::vector<std::string> MirrorRow(const relocd::v1::Mirror& mirror) {
  const bool ready = IsMade(mirror);
  return {ready ? ShortMirrorName(mirror.name()) : absl::StrCat("(", mirror.kind(), ")"),
          StateName(mirror.state()),
          ready ? HumanSize(static_cast<double>(mirror.bytes())) : "-",
          absl::StrCat(mirror.jobs()),
          ready ? absl::StrCat(Age(mirror.used_at()), " ago") : "-",
          mirror.pack()};
}

relocd::v1::Mirror ToMessage(const reloc::Mirror& mirror, uint64_t own_bytes) {
  const std::string name = MirrorName(mirror.id);
  relocd::v1::Mirror message;
  message.set_name(name);
  message.set_digest(name.substr(0, name.find('.')));
  message.set_kind(std::string(MirrorKindName(mirror.id.kind)));
  message.set_pack(mirror.pack);
  message.set_path(mirror.path);
  message.set_bytes(own_bytes);
  message.set_store_prefix(mirror.store_prefix);
  message.set_state(mirror.damaged ? relocd::v1::Mirror::STATE_DAMAGED : relocd::v1::Mirror::STATE_READY);
  *message.mutable_used_at() =
      google::protobuf::util::TimeUtil::NanosecondsToTimestamp(absl::ToUnixNanos(mirror.used_at));
  return message;
}

}  // namespace

absl::StatusOr<relocd::v1::ListMirrorsResponse> ListMirrors(const ControlClient& client) {
  auto stub = relocd::v1::Mirrors::NewStub(client.channel());
  relocd::v1::ListMirrorsResponse list;
  RELOC_RETURN_IF_ERROR(
      client.Call([&](grpc::ClientContext* context) { return stub->List(context, {}, &list); }));
  return list;
}

absl::StatusOr<relocd::v1::ListMirrorsResponse> ReadMirrors(const std::string& directory) {
  relocd::v1::ListMirrorsResponse list;
  list.set_dir(directory);
  // Opening it would make it.
  if (::access(directory.c_str(), F_OK) != 0) return list;
  RELOC_ASSIGN_OR_RETURN(MirrorCache cache, MirrorCache::Open(directory, 0));
  RELOC_ASSIGN_OR_RETURN(std::vector<reloc::Mirror> mirrors, cache.List());
  RELOC_ASSIGN_OR_RETURN(MirrorUsage usage, cache.Measure(mirrors));
  for (size_t i = 0; i < mirrors.size(); ++i) *list.add_mirrors() = ToMessage(mirrors[i], usage.own[i]);
  list.set_bytes(usage.bytes);
  return list;
}

std::string ShortMirrorName(const std::string& name) {
  const size_t dot = name.find('.');
  if (dot == name.npos || dot <= kShortDigest) return name;
  return name.substr(0, kShortDigest) + name.substr(dot);
}

std::string MirrorFix(const relocd::v1::Mirror& mirror) {
  const bool graft = mirror.kind() == MirrorKindName(MirrorKind::kGraft);
  return absl::StrCat("relocctl mirrors add ", graft ? "--kind graft " : "", mirror.pack(),
                      " makes it again; relocctl mirrors prune ", ShortMirrorName(mirror.name()),
                      " removes it");
}

std::string MirrorsTable(const relocd::v1::ListMirrorsResponse& list) {
  std::vector<std::vector<std::string>> rows = {{"MIRROR", "STATE", "SIZE", "JOBS", "USED", "PACK"}};
  for (const relocd::v1::Mirror& mirror : list.mirrors()) rows.push_back(MirrorRow(mirror));
  const std::string limit =
      list.limit() == 0 ? "no limit" : absl::StrCat("of ", HumanSize(static_cast<double>(list.limit())));
  return absl::StrCat(Table(rows), "\n", HumanSize(static_cast<double>(list.bytes())), " ", limit, " in ",
                      OneLine(list.dir()), "\n");
}

std::string MirrorsJson(const relocd::v1::ListMirrorsResponse& list) {
  std::vector<Record> records;
  for (const relocd::v1::Mirror& mirror : list.mirrors()) records.push_back(MirrorRecord(mirror));
  return ToJson(records) + "\n";
}

}  // namespace reloc
