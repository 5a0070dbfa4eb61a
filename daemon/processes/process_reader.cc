#include "daemon/processes/process_reader.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "daemon/base/frame.h"
#include "daemon/base/log.h"
#include "daemon/base/timer.h"
#include "daemon/processes/survey.h"

namespace reloc {
namespace {

using relocd::v1::SurveyAnswer;
using relocd::v1::SurveyRequest;

constexpr absl::Duration kDeadline = absl::Milliseconds(1600);

}  // namespace

ProcessReader::ProcessReader(ProcessReaders* readers, Mailbox* mailbox)
    : readers_(readers), mailbox_(mailbox), deadline_(MonotonicNow() + kDeadline) {
  mailbox_->Run([&] {
    absl::StatusOr<ProcessReaders::Lent> lent = readers_->Lend();
    if (lent.ok()) {
      lent_ = *std::move(lent);
    } else {
      LogWarning(absl::StrCat("processes cannot be looked at: ", lent.status().message()));
    }
  });
}

// While relocd stops nothing is given back: the process ends when the socket is closed.
ProcessReader::~ProcessReader() {
  if (!lent_) return;
  mailbox_->Run(
      [&] { failed_ ? readers_->Abandon(*std::move(lent_)) : readers_->GiveBack(*std::move(lent_)); });
}

SurveyAnswer ProcessReader::Ask(const SurveyRequest& request) {
  SurveyAnswer answer;
  if (!failed_ && !Exchange(request, &answer)) failed_ = true;
  if (failed_) answer.Clear();
  while (answer.jobs_size() < request.jobs_size()) answer.add_jobs();
  return answer;
}

bool ProcessReader::Exchange(const SurveyRequest& request, SurveyAnswer* answer) {
  if (!lent_) return false;
  std::string bytes = request.SerializeAsString();
  return SendFrame(lent_->socket.get(), bytes, deadline_).ok() &&
         ReceiveFrame(lent_->socket.get(), &bytes, deadline_).ok() && answer->ParseFromString(bytes);
}

SurveyRequest SurveyOf(const std::vector<Job>& jobs, SurveyRequest::Depth depth) {
  SurveyRequest request;
  request.set_depth(depth);
  for (const Job& job : jobs) *request.add_jobs() = SubjectOf(job, true);
  return request;
}

}  // namespace reloc
