#include "reloc/launch/wire.h"

#include <gtest/gtest.h>
#include <string.h>

#include <string>
#include <vector>

#include "tests/unit/launch/golden.h"

namespace reloc {
namespace {

const std::string kArgv("sed\0-n\0", 7);

LaunchMessage SomeLaunch() {
  LaunchMessage m;
  m.type = MessageType::kLaunch;
  m.engine = Engine::kUserns;
  m.reason = Reason::kNoDaemon;
  m.caller = {.user_ns = 1, .mount_ns = 2, .pid_ns = 3, .root = {4, 5}, .root_mount = 6, .root_mtime = 7};
  m.store = {8, 9};
  m.digest[0] = 10;
  m.prefix = "/gnu/store";
  m.pack = "/home/u/pack";
  m.entry = "sed";
  m.program = "/gnu/store/x/bin/sed";
  m.argv = kArgv;
  m.slurm_job = "77";
  return m;
}

ReservedMessage SomeReserved() { return {Reason::kNone, {}, "0123456789ab", "/home/u/output", 1 << 20}; }

std::string Encoded(const auto& message) {
  std::vector<char> memory(kMaxMessageBytes);
  return std::string(Encode(message, memory));
}

TEST(Wire, LaunchSurvives) {
  std::string bytes = Encoded(SomeLaunch());
  LaunchMessage m;
  ASSERT_TRUE(Decode(bytes, &m));
  EXPECT_EQ(m.type, MessageType::kLaunch);
  EXPECT_EQ(m.engine, Engine::kUserns);
  EXPECT_EQ(m.reason, Reason::kNoDaemon);
  EXPECT_EQ(m.caller, SomeLaunch().caller);
  EXPECT_EQ(m.store, (FileId{8, 9}));
  EXPECT_EQ(m.digest[0], 10);
  EXPECT_EQ(m.prefix, "/gnu/store");
  EXPECT_EQ(m.pack, "/home/u/pack");
  EXPECT_EQ(m.entry, "sed");
  EXPECT_EQ(m.program, "/gnu/store/x/bin/sed");
  EXPECT_EQ(m.argv, kArgv);
  EXPECT_EQ(m.slurm_job, "77");
}

TEST(Wire, TheMarkSurvivesInKStartedAlone) {
  LaunchMessage sent = SomeLaunch();
  sent.mark = {20, 21};
  LaunchMessage launch;
  ASSERT_TRUE(Decode(Encoded(sent), &launch));
  EXPECT_EQ(launch.mark, ProcessNamespaces());
  sent.type = MessageType::kStarted;
  LaunchMessage started;
  ASSERT_TRUE(Decode(Encoded(sent), &started));
  EXPECT_EQ(started.mark, sent.mark);
  EXPECT_EQ(started.caller.mount_ns, 0u);
}

// Shims that are older than marks sent the caller's namespaces.
TEST(Wire, NamespacesOfTheCallerAreNoMark) {
  std::string bytes = Encoded(SomeLaunch());
  bytes[offsetof(WireHeader, type)] = static_cast<char>(MessageType::kStarted);
  LaunchMessage m;
  ASSERT_TRUE(Decode(bytes, &m));
  EXPECT_EQ(m.mark, ProcessNamespaces());
}

TEST(Wire, AWantedMirrorIsToldLikeALaunch) {
  LaunchMessage wanted = SomeLaunch();
  wanted.type = MessageType::kWanted;
  wanted.engine = Engine::kGraft;
  const std::string bytes = Encoded(wanted);
  LaunchMessage m;
  ASSERT_TRUE(Decode(bytes, &m));
  EXPECT_EQ(m.type, MessageType::kWanted);
  EXPECT_EQ(m.engine, Engine::kGraft);
  EXPECT_EQ(m.pack, "/home/u/pack");
}

TEST(Wire, ReplySurvives) {
  std::string bytes = Encoded(ReplyMessage{Reason::kRefused, "busy", "plan bytes"});
  ReplyMessage m;
  ASSERT_TRUE(Decode(bytes, &m));
  EXPECT_EQ(m.reason, Reason::kRefused);
  EXPECT_EQ(m.text, "busy");
  EXPECT_EQ(m.plan, "plan bytes");
}

TEST(Wire, AnAnswerNamesTheVersionThatWasChosen) {
  std::string bytes = Encoded(ReplyMessage{});
  NameVersion(bytes, 7);
  WireHeader header;
  memcpy(&header, bytes.data(), sizeof header);
  EXPECT_EQ(header.version_min, 7);
  EXPECT_EQ(header.version_max, 7);
  EXPECT_EQ(ChosenVersion(bytes), kWireVersion);  // no higher one is spoken
}

TEST(Wire, WhatLaunchersSaySurvives) {
  std::string bytes = Encoded(ReserveMessage{"solver"});
  ReserveMessage reserve;
  ASSERT_TRUE(Decode(bytes, &reserve));
  EXPECT_EQ(reserve.name, "solver");
  bytes = Encoded(SomeReserved());
  ReservedMessage reserved;
  ASSERT_TRUE(Decode(bytes, &reserved));
  EXPECT_EQ(reserved.id, "0123456789ab");
  EXPECT_EQ(reserved.output_dir, "/home/u/output");
  EXPECT_EQ(reserved.output_limit, 1u << 20);
  bytes = Encoded(JobMessage{MessageType::kEnded, "0123456789ab", 9});
  JobMessage ended;
  ASSERT_TRUE(Decode(bytes, &ended));
  EXPECT_EQ(ended.type, MessageType::kEnded);
  EXPECT_EQ(ended.id, "0123456789ab");
  EXPECT_EQ(ended.wait_status, 9);
}

TEST(Wire, GoldenFilesHoldTheFormat) {
  EXPECT_EQ(HexLines(Encoded(ReserveMessage{"solver"})), ReadGolden("reserve_v1.hex"));
  EXPECT_EQ(HexLines(Encoded(SomeReserved())), ReadGolden("reserved_v1.hex"));
  EXPECT_EQ(HexLines(Encoded(JobMessage{MessageType::kBind, "0123456789ab"})), ReadGolden("bind_v1.hex"));
  EXPECT_EQ(HexLines(Encoded(JobMessage{MessageType::kEnded, "0123456789ab", 9})),
            ReadGolden("ended_v1.hex"));
  EXPECT_EQ(HexLines(Encoded(JobMessage{MessageType::kAbandoned, "0123456789ab", 125 << 8})),
            ReadGolden("abandoned_v1.hex"));
  EXPECT_EQ(HexLines(Encoded(SomeLaunch())), ReadGolden("launch_v1.hex"));
  EXPECT_EQ(HexLines(Encoded(ReplyMessage{Reason::kRefused, "busy", "plan"})), ReadGolden("reply_v1.hex"));
}

TEST(Wire, EveryTruncationAndEveryExtensionIsRefused) {
  std::string bytes = Encoded(SomeLaunch());
  LaunchMessage m;
  for (size_t size = 0; size < bytes.size(); ++size) EXPECT_FALSE(Decode(bytes.substr(0, size), &m)) << size;
  EXPECT_FALSE(Decode(bytes + "x", &m));
  bytes = Encoded(SomeReserved());
  ReservedMessage reserved;
  for (size_t size = 0; size < bytes.size(); ++size) EXPECT_FALSE(Decode(bytes.substr(0, size), &reserved));
}

TEST(Wire, OneKindIsNotTakenForAnother) {
  LaunchMessage launch;
  ReplyMessage reply;
  EXPECT_FALSE(Decode(Encoded(ReplyMessage{}), &launch));
  EXPECT_FALSE(Decode(Encoded(SomeLaunch()), &reply));
  ReserveMessage reserve;
  JobMessage job;
  EXPECT_FALSE(Decode(Encoded(SomeReserved()), &reserve));
  EXPECT_FALSE(Decode(Encoded(ReserveMessage{}), &job));
}

TEST(Wire, VersionsAreARange) {
  std::string bytes = Encoded(SomeLaunch());
  MessageType type;
  auto with = [&](char min, char max) {
    bytes[4] = min;
    bytes[6] = max;
    return CheckHeader(bytes, &type);
  };
  EXPECT_EQ(with(1, 9), WireError::kNone);
  EXPECT_EQ(with(2, 9), WireError::kVersion);
  EXPECT_EQ(with(0, 1), WireError::kMalformed);
  EXPECT_EQ(with(2, 1), WireError::kMalformed);
}

TEST(Wire, TextsCannotHideNuls) {
  LaunchMessage m = SomeLaunch();
  m.entry = string_view("s\0d", 3);
  LaunchMessage decoded;
  EXPECT_FALSE(Decode(Encoded(m), &decoded));
  m = SomeLaunch();
  m.argv = "no end";
  EXPECT_FALSE(Decode(Encoded(m), &decoded));
}

TEST(Wire, ArgvIsCutAtWholeArguments) {
  std::string big(kMaxArgvBytes, 'x');
  const char* argv[] = {"sed", "-n", big.c_str(), nullptr};
  std::vector<char> memory(kMaxArgvBytes);
  EXPECT_EQ(FlattenArgv(argv, memory), kArgv);
}

}  // namespace
}  // namespace reloc
