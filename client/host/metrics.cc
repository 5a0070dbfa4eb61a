#include "client/base/control_client.h"
#include "client/base/report.h"
#include "client/host/commands.h"
#include "reloc/hosted/status.h"

namespace reloc {
namespace {

absl::Status PrintMetrics() {
  RELOC_ASSIGN_OR_RETURN(auto client, ControlClient::Connect());
  auto stub = relocd::v1::Metrics::NewStub(client->channel());
  relocd::v1::ReadMetricsResponse response;
  RELOC_RETURN_IF_ERROR(client->Call([&](auto* context) { return stub->Read(context, {}, &response); }));
  PrintOut(response.text());
  return FlushOut();
}

}  // namespace

void AddMetricsCommand(CLI::App& app, int* exit_status) {
  CLI::App* metrics =
      app.add_subcommand("metrics", "What the daemon counts, in Prometheus' text format: docs/metrics.md");
  metrics->footer(
      "Examples:\n"
      "  relocctl metrics\n"
      "  relocctl metrics | promtool check metrics");
  metrics->callback([exit_status] { *exit_status = ExitStatus(PrintMetrics()); });
}

}  // namespace reloc
