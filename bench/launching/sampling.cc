#include "bench/launching/sampling.h"

#include <signal.h>

#include <algorithm>
#include <numeric>
#include <random>

#include "bench/launching/process.h"
#include "reloc/hosted/status.h"

namespace reloc::bench {
namespace {

// Warm-up rounds: one for every ten that count, and no more than this.
constexpr int kMostWarmUpRounds = 10;

volatile sig_atomic_t g_interrupted = 0;

void NoteInterrupt(int) { g_interrupted = 1; }

double Quantile(const std::vector<double>& sorted, double q) {
  double position = q * static_cast<double>(sorted.size() - 1);
  size_t below = static_cast<size_t>(position);
  size_t above = std::min(below + 1, sorted.size() - 1);
  return std::lerp(sorted[below], sorted[above], position - static_cast<double>(below));
}

}  // namespace

Summary Summarize(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return {Quantile(values, 0.5), Quantile(values, 0.9)};
}

absl::StatusOr<std::vector<Summary>> MeasureInterleaved(const std::vector<const Command*>& commands,
                                                        int rounds) {
  std::vector<std::vector<double>> times(commands.size());
  std::vector<size_t> order(commands.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::mt19937 random(1);  // the seed is fixed, so that a run can be repeated
  for (int round = -std::clamp(rounds / 10, 1, kMostWarmUpRounds); round < rounds; ++round) {
    std::shuffle(order.begin(), order.end(), random);
    for (size_t i : order) {
      if (Interrupted()) return InterruptedError();
      RELOC_ASSIGN_OR_RETURN(double micros, TimeLaunch(*commands[i]));
      if (round >= 0) times[i].push_back(micros);
    }
  }
  std::vector<Summary> summaries;
  for (std::vector<double>& each : times) summaries.push_back(Summarize(std::move(each)));
  return summaries;
}

void CatchInterrupts() {
  struct sigaction action = {};
  action.sa_handler = NoteInterrupt;
  for (int signal : {SIGINT, SIGTERM, SIGHUP}) ::sigaction(signal, &action, nullptr);
}

bool Interrupted() { return g_interrupted != 0; }

absl::Status InterruptedError() { return absl::CancelledError("interrupted; nothing was left behind"); }

}  // namespace reloc::bench
