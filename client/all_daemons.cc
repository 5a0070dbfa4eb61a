#include "client/all_daemons.h"

#include <stdio.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <system_error>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "client/control_client.h"
#include "reloc/launch/daemon_dir.h"
#include "reloc/pack/status.h"
#include "reloc/pack/text.h"

namespace reloc {
namespace {

namespace fs = std::filesystem;

struct Place {
  std::string dir;
  uid_t owner;
};

// Those below `parent` that are called <prefix><uid>, with `suffix` after it.
void AddPlaces(const std::string& parent, absl::string_view prefix, absl::string_view suffix,
               std::vector<Place>* places) {
  std::error_code error;
  for (auto entry = fs::directory_iterator(parent, error); entry != fs::directory_iterator();
       entry.increment(error)) {
    if (error) return;
    std::string name = entry->path().filename();
    absl::string_view number = name;
    uint32_t uid = 0;
    if (!absl::ConsumePrefix(&number, prefix) || !absl::SimpleAtoi(number, &uid)) continue;
    places->push_back({absl::StrCat(parent, "/", name, suffix), uid});
  }
}

absl::StatusOr<std::vector<Place>> FindPlaces() {
  RELOC_ASSIGN_OR_RETURN(std::string own, ChosenDaemonDir());
  std::vector<Place> places = {{own, ::geteuid()}, {kSiteDaemonDir, 0}};
  if (::geteuid() == 0) {
    AddPlaces("/run/user", "", "/relocd", &places);
    AddPlaces("/tmp", "relocd-", "", &places);
  }
  std::stable_sort(places.begin() + 1, places.end(),
                   [](const Place& a, const Place& b) { return a.dir < b.dir; });
  auto again = [&](const Place& place) { return &place != &places[0] && place.dir == own; };
  places.erase(std::remove_if(places.begin() + 1, places.end(), again), places.end());
  return places;
}

absl::StatusOr<std::vector<relocd::v1::Job>> ListJobsAt(const Place& place, bool include_ended) {
  RELOC_ASSIGN_OR_RETURN(auto client, ControlClient::Connect(place.dir, place.owner));
  RELOC_ASSIGN_OR_RETURN(std::vector<relocd::v1::Job> jobs, client->ListJobs(include_ended));
  // What a user's daemon says is not believed about other users.
  for (relocd::v1::Job& job : jobs) {
    if (place.owner != 0) job.set_uid(place.owner);
  }
  return jobs;
}

}  // namespace

absl::StatusOr<std::vector<relocd::v1::Job>> ListJobsOfAllUsers(bool include_ended) {
  RELOC_ASSIGN_OR_RETURN(std::vector<Place> places, FindPlaces());
  std::vector<relocd::v1::Job> all;
  absl::Status missing;
  bool any = false;
  for (const Place& place : places) {
    absl::StatusOr<std::vector<relocd::v1::Job>> jobs = ListJobsAt(place, include_ended);
    if (jobs.ok()) {
      any = true;
      std::move(jobs->begin(), jobs->end(), std::back_inserter(all));
    } else if (absl::IsNotFound(jobs.status())) {
      missing = jobs.status();
    } else {
      fprintf(stderr, "relocctl: warning: %s: %s\n", OneLine(place.dir).c_str(),
              OneLine(jobs.status().message()).c_str());
    }
  }
  if (!any && !missing.ok()) return missing;
  return all;
}

}  // namespace reloc
