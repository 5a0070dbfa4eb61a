#include "client/base/event_record.h"

#include <google/protobuf/util/time_util.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/time.h"
#include "client/base/job_record.h"
#include "client/base/mirror_list.h"
#include "reloc/hosted/text.h"

namespace reloc {
namespace {

using relocd::v1::Event;

std::string Text(const Event& event) {
  return event.lost() > 0
             ? absl::StrCat(event.lost(), " events are missing here: they came faster than they were read")
             : event.text();
}

// "lost" and "warning" do not come from the daemon, but are about the list itself.
std::string Type(const Event& event) {
  return event.lost() > 0 ? "lost" : event.type().empty() ? "warning" : event.type();
}

// Adds the fields of a job that an event has: not those that change while it runs, and were not measured.
void AddJob(const relocd::v1::Job& job, Record* record) {
  record->emplace_back("job", JsonText(job.id()));
  for (auto& [name, value] : JobRecord(job)) {
    bool listed = name != "id" && name != "rss_bytes" && name != "processes" && name != "fallback_reason" &&
                  name != "mirror";
    if (listed) record->emplace_back(name, std::move(value));
  }
  if (!job.fallback_reason().empty()) record->emplace_back("reason", JsonText(job.fallback_reason()));
}

std::string Subject(const Event& event) {
  if (!event.has_job()) {
    std::string subject = event.pack();
    if (!event.mirror().empty()) absl::StrAppend(&subject, ", mirror ", ShortMirrorName(event.mirror()));
    if (!event.reason().empty()) absl::StrAppend(&subject, ", ", event.reason());
    return subject;
  }
  const relocd::v1::Job& job = event.job();
  std::string subject = absl::StrCat(job.id(), "  ", job.name(), ", pid ", job.pid(), ", ", job.engine());
  if (event.type() == "exit") absl::StrAppend(&subject, ", ", JobStateText(job));
  if (event.type() == "fallback") absl::StrAppend(&subject, ", ", job.fallback_reason());
  return subject;
}

}  // namespace

Record EventRecord(const Event& event) {
  Record record = {{"time", JsonTime(event.time())}, {"type", JsonText(Type(event))}};
  if (event.has_job()) AddJob(event.job(), &record);
  if (event.root() != 0) record.emplace_back("root", JsonNumber(static_cast<double>(event.root())));
  if (!event.has_job() && !event.pack().empty()) record.emplace_back("pack", JsonText(event.pack()));
  if (!event.mirror().empty()) record.emplace_back("mirror", JsonText(event.mirror()));
  if (!event.reason().empty()) record.emplace_back("reason", JsonText(event.reason()));
  if (event.lost() > 0) record.emplace_back("lost", JsonNumber(static_cast<double>(event.lost())));
  if (std::string text = Text(event); !text.empty()) record.emplace_back("text", JsonText(text));
  return record;
}

std::string EventLine(const Event& event) {
  absl::Time time =
      absl::FromUnixNanos(google::protobuf::util::TimeUtil::TimestampToNanoseconds(event.time()));
  std::string line =
      absl::StrFormat("%s  %-12s  %s", absl::FormatTime("%Y-%m-%d %H:%M:%E3S", time, absl::LocalTimeZone()),
                      Type(event), Subject(event));
  if (std::string text = Text(event); !text.empty())
    absl::StrAppend(&line, line.back() == ' ' ? "" : ": ", text);
  return OneLine(line);
}

}  // namespace reloc
