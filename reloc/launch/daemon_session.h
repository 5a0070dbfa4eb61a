// One launch's exchange with the daemon: finds published roots, asks for roots, and reports the launch.
//
// Without a daemon every function returns that, and costs nothing more. Nothing here is an error of the
// launch: the daemon counts the reasons, and RELOC_DEBUG shows them.
#pragma once

#include "reloc/base/unique_fd.h"
#include "reloc/launch/daemon_dir.h"
#include "reloc/launch/daemon_link.h"
#include "reloc/launch/launch_log.h"
#include "reloc/launch/launcher.h"
#include "reloc/launch/plan.h"
#include "reloc/launch/root_registry.h"
#include "reloc/launch/wire.h"

namespace reloc {

class DaemonSession {
 public:
  // Both must outlive the session.
  DaemonSession(const LaunchRequest& request, const LaunchLog& log);

  // Opens the daemon's directory: the user's, otherwise the site's. Does not connect.
  void Open();

  // Returns the daemon's directory, or -1 if there is no daemon.
  int directory() const { return directory_.get(); }

  // Sets the plan that the following messages are about.
  void SetPlan(const Plan& plan);
  // These two have no effect if the launch is from an image: it has one root, whatever is run in it.
  void SetStore(const FileId& store);
  // Reads this process's context. Call it before the process enters anything.
  void ReadCaller();
  // Reads the mark that identifies the program's processes. Call it when the process has entered everything.
  // `mount_ns` is the inode number of its mount namespace; 0: unknown.
  void ReadMark(uint64_t mount_ns);

  // Notes why the first choice was not taken. Only the first reason noted is reported.
  void NoteReason(Reason reason);

  // Finds a root that is published for the plan and the store. No round trip.
  Result<RootNamespaces> FindRoot() const;

  // Asks for a root for the store, or image, that is open as `store`. On success it sets the namespaces and a
  // plan for entering them, whose texts are in static memory.
  bool AskForRoot(int store, Plan* plan, RootNamespaces* root);

  // Reports this launch, so that `relocctl ps` shows it. The daemon need not answer, nor receive it.
  void ReportStart();
  // Reports that the plan's engine was requested, and that a mirror of the pack would let it run. No answer.
  void ReportMirrorWanted() { SendConnected(MessageType::kWanted); }
  // Reports that nothing could be executed from the mirror that the plan's engine uses. No answer.
  void ReportMirrorUnusable();

 private:
  bool OpenDirectory(const char* path);
  bool Connect();
  void SendConnected(MessageType type);
  Reason Ask(int store, ReplyMessage* reply, RootNamespaces* root);
  bool IsUsable(const ReplyMessage& reply, Plan* plan) const;
  string_view EncodeMessage(MessageType type);
  string_view ProgramPath() const;

  const LaunchRequest& request_;
  const LaunchLog& log_;
  DaemonDirectory directory_;
  bool is_site_ = false;  // directory_ is the site daemon's
  DaemonLink link_;
  LaunchMessage message_;
};

}  // namespace reloc
