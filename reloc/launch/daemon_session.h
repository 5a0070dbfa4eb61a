// One launch's conversation with the daemon: what is published, what is asked, what is told.
//
// Without a daemon every function says so and costs nothing more. Nothing here is an error of the launch: the
// reasons are counted by the daemon and shown with RELOC_DEBUG.
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
  // Both outlive the session.
  DaemonSession(const LaunchRequest& request, const LaunchLog& log);

  // Opens the daemon's directory: the user's, else the site's. Connects to nobody yet.
  void Open();

  // The daemon's directory, or -1: no daemon.
  int directory() const { return directory_.get(); }

  // What the messages are about from here on.
  void SetPlan(const Plan& plan);
  // Neither has an effect where the launch is from an image: it has one root, whatever is run in it.
  void SetStore(const FileId& store);
  // Where this process stands. To be called before it enters anything.
  void ReadCaller();
  // What the program's processes will be known by. To be called when it has entered everything: its mount
  // namespace has the inode number `mount_ns`; 0: look.
  void ReadMark(uint64_t mount_ns);

  // Why the first choice was not taken: the first reason that is noted is told.
  void NoteReason(Reason reason);

  // A root that is published for the plan and the store. No round trip.
  Result<RootNamespaces> FindRoot() const;

  // Asks for a root for the store, or image, that is open as `store`. On success there are namespaces and a
  // plan for entering them, whose texts lie in static memory.
  bool AskForRoot(int store, Plan* plan, RootNamespaces* root);

  // Tells of this launch, so that `relocctl ps` shows it. The daemon need not answer, and need not hear.
  void Tell();
  // Tells that the plan's engine was asked for, and that a mirror of the pack would let it run. Likewise.
  void TellMirrorIsWanted() { TellConnected(MessageType::kWanted); }
  // Tells that nothing could be executed from the mirror that the plan's engine uses. Likewise.
  void TellMirrorIsUnusable();

 private:
  bool OpenDirectory(const char* path);
  bool Connect();
  void TellConnected(MessageType type);
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
