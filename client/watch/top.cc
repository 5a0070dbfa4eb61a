#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "client/base/control_client.h"
#include "client/base/format.h"
#include "client/base/job_ref.h"
#include "client/base/progress.h"
#include "client/base/reader_watch.h"
#include "client/base/report.h"
#include "client/base/signal_name.h"
#include "client/watch/commands.h"
#include "client/watch/job_sampler.h"
#include "client/watch/top_screen.h"
#include "client/watch/top_view.h"
#include "reloc/hosted/status.h"
#include "reloc/hosted/text.h"

namespace reloc {
namespace {

constexpr absl::Duration kInterval = absl::Seconds(1);

class Top {
 public:
  Top(std::unique_ptr<ControlClient> client, std::unique_ptr<TopScreen> screen)
      : client_(std::move(client)), screen_(std::move(screen)) {}

  void Run() {
    absl::Time next = absl::Now();
    while (!quit_ && !InterruptGuard::Interrupted() && !ReaderGoneWithin(absl::ZeroDuration())) {
      if (absl::Now() >= next) {
        Look();
        // The first rates are shown soon.
        next = absl::Now() + (looks_++ == 0 ? kInterval / 4 : kInterval);
      }
      screen_->Draw(view_, message_);
      absl::Duration left = std::max(next - absl::Now(), absl::ZeroDuration());
      Handle(screen_->ReadKey(static_cast<int>(absl::ToInt64Milliseconds(left)) + 1));
    }
  }

 private:
  // A daemon that ended may come back.
  void Look() {
    if (client_ == nullptr) client_ = ControlClient::Connect().value_or(nullptr);
    absl::Status looked = client_ == nullptr
                              ? absl::UnavailableError("no daemon runs for you; waiting for one")
                              : sampler_.Look(*client_);
    if (looked.ok()) {
      view_.Update(sampler_);
      if (lost_) message_.clear();
    } else {
      client_ = nullptr;
      message_ = OneLine(std::string(looked.message()));
    }
    lost_ = !looked.ok();
  }

  void Handle(int key) {
    if (key != TopScreen::kNone && !lost_) message_.clear();
    switch (key) {
      case 'q':
        quit_ = true;
        return;
      case TopScreen::kUp:
        return view_.Move(-1);
      case TopScreen::kDown:
        return view_.Move(1);
      case TopScreen::kPageUp:
        return view_.Move(-screen_->rows());
      case TopScreen::kPageDown:
        return view_.Move(screen_->rows());
      case TopScreen::kHome:
        return view_.Move(-1'000'000);
      case TopScreen::kEnd:
        return view_.Move(1'000'000);
      case '\n':
      case '\r':
      case ' ':
        return view_.Toggle();
      case 'h':
      case '?':
        screen_->DrawHelp();
        while (screen_->ReadKey(1000) == TopScreen::kNone && !InterruptGuard::Interrupted()) {
        }
        return;
      case '/':
        return Filter();
      case 'k':
        return Kill();
      default:
        Sort(key);
    }
  }

  void Sort(int key) {
    for (auto [letter, order] : {std::pair{'c', TopOrder::kCpu}, std::pair{'m', TopOrder::kMemory},
                                 std::pair{'i', TopOrder::kTraffic}, std::pair{'t', TopOrder::kTime},
                                 std::pair{'n', TopOrder::kName}, std::pair{'a', TopOrder::kAge}}) {
      if (key == letter) view_.Sort(order);
    }
  }

  void Filter() {
    std::string text;
    if (screen_->ReadLine("Show only (empty: all): ", &text)) view_.Filter(text);
  }

  // The job is remembered before the question is asked: the lines may move while the user thinks.
  void Kill() {
    const TopLine* line = view_.chosen_line();
    if (line == nullptr || client_ == nullptr) return;
    const std::string id = line->id;
    std::string signal = "TERM";
    std::string question = absl::StrCat("Signal for all processes of ", line->is_job ? line->name : "its job",
                                        " (", id, "), Escape: none: ");
    if (!screen_->ReadLine(question, &signal)) return;
    message_ = OneLine(Send(id, signal));
  }

  std::string Send(const std::string& id, const std::string& name) {
    absl::StatusOr<int> signal = ParseSignal(name);
    if (!signal.ok()) return std::string(signal.status().message());
    absl::StatusOr<relocd::v1::KillResponse> killed = KillJob(*client_, id, *signal);
    if (!killed.ok()) return std::string(killed.status().message());
    return absl::StrCat("sent to ", killed->signalled(), " processes of ", id);
  }

  std::unique_ptr<ControlClient> client_;
  std::unique_ptr<TopScreen> screen_;
  JobSampler sampler_{{}};
  TopView view_;
  std::string message_;
  int looks_ = 0;
  bool lost_ = false;
  bool quit_ = false;
};

absl::Status ShowTop() {
  RELOC_ASSIGN_OR_RETURN(auto client, ControlClient::Connect());
  // Before ncurses, which would handle these signals itself, with an exit in the handler.
  InterruptGuard guard;
  {
    RELOC_ASSIGN_OR_RETURN(auto screen, TopScreen::Open());
    Top(std::move(client), std::move(screen)).Run();
  }
  guard.DieIfInterrupted();
  return absl::OkStatus();
}

}  // namespace

void AddTopCommand(CLI::App& app, int* exit_status) {
  CLI::App* top = app.add_subcommand("top", "Jobs and their processes on the whole terminal, refreshed");
  top->footer(
      "Press h for the keys. Without a terminal: relocctl stats --no-stream\n"
      "\n"
      "Examples:\n"
      "  relocctl top");
  top->callback([exit_status] { *exit_status = ExitStatus(ShowTop()); });
}

}  // namespace reloc
