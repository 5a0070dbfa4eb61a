#include "client/mirror_list.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "client/format.h"
#include "client/job_record.h"
#include "reloc/pack/human_size.h"
#include "reloc/pack/status.h"

namespace reloc {
namespace {

using relocd::v1::Mirror;

constexpr size_t kShortDigest = 12;

const char* StateName(Mirror::State state) {
  switch (state) {
    case Mirror::STATE_READY:
      return "ready";
    case Mirror::STATE_MAKING:
      return "making";
    case Mirror::STATE_WAITING:
      return "waiting";
    default:
      return "unknown";
  }
}

JsonValue TextOrNull(const std::string& text) { return text.empty() ? JsonNull() : JsonText(text); }

// What is not known of one that is not ready is null.
Record MirrorRecord(const Mirror& mirror) {
  const bool ready = mirror.state() == Mirror::STATE_READY;
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

std::vector<std::string> MirrorRow(const Mirror& mirror) {
  const bool ready = mirror.state() == Mirror::STATE_READY;
  return {ready ? ShortMirrorName(mirror.name()) : absl::StrCat("(", mirror.kind(), ")"),
          StateName(mirror.state()),
          ready ? HumanSize(static_cast<double>(mirror.bytes())) : "-",
          absl::StrCat(mirror.jobs()),
          ready ? absl::StrCat(Age(mirror.used_at()), " ago") : "-",
          mirror.pack()};
}

}  // namespace

absl::StatusOr<relocd::v1::ListMirrorsResponse> ListMirrors(const ControlClient& client) {
  auto stub = relocd::v1::Mirrors::NewStub(client.channel());
  relocd::v1::ListMirrorsResponse list;
  RELOC_RETURN_IF_ERROR(
      client.Call([&](grpc::ClientContext* context) { return stub->List(context, {}, &list); }));
  return list;
}

std::string ShortMirrorName(const std::string& name) {
  const size_t dot = name.find('.');
  if (dot == name.npos || dot <= kShortDigest) return name;
  return name.substr(0, kShortDigest) + name.substr(dot);
}

std::string MirrorsTable(const relocd::v1::ListMirrorsResponse& list) {
  std::vector<std::vector<std::string>> rows = {{"MIRROR", "STATE", "SIZE", "JOBS", "USED", "PACK"}};
  for (const Mirror& mirror : list.mirrors()) rows.push_back(MirrorRow(mirror));
  const std::string limit =
      list.limit() == 0 ? "no limit" : absl::StrCat("of ", HumanSize(static_cast<double>(list.limit())));
  return absl::StrCat(Table(rows), "\n", HumanSize(static_cast<double>(list.bytes())), " ", limit, " in ",
                      Printable(list.dir()), "\n");
}

std::string MirrorsJson(const relocd::v1::ListMirrorsResponse& list) {
  std::vector<Record> records;
  for (const Mirror& mirror : list.mirrors()) records.push_back(MirrorRecord(mirror));
  return ToJson(records) + "\n";
}

}  // namespace reloc
