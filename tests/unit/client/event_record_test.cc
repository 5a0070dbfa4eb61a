#include "client/base/event_record.h"

#include <gtest/gtest.h>

namespace reloc {
namespace {

relocd::v1::Event MakeEvent(const std::string& type) {
  relocd::v1::Event event;
  event.mutable_time()->set_seconds(1234567890);
  event.set_type(type);
  return event;
}

TEST(EventRecordTest, OfAJob) {
  relocd::v1::Event event = MakeEvent("exit");
  event.set_pack("/packs/p");
  event.mutable_job()->set_id("abc");
  event.mutable_job()->set_name("sed");
  event.mutable_job()->set_pack("/packs/p");
  event.mutable_job()->set_state(relocd::v1::Job::STATE_EXITED);
  event.mutable_job()->set_exit_code(3);
  Record record = EventRecord(event);
  EXPECT_EQ(FindValue(record, "time")->string_value(), "2009-02-13T23:31:30Z");
  EXPECT_EQ(FindValue(record, "type")->string_value(), "exit");
  EXPECT_EQ(FindValue(record, "job")->string_value(), "abc");
  EXPECT_EQ(FindValue(record, "exit_code")->number_value(), 3);
  EXPECT_EQ(FindValue(record, "id"), nullptr);
  EXPECT_EQ(FindValue(record, "reason"), nullptr);
  EXPECT_NE(EventLine(event).find("exited 3"), std::string::npos);
}

TEST(EventRecordTest, OfARootAndOfTheDaemon) {
  relocd::v1::Event event = MakeEvent("root_create");
  event.set_pack("/packs/p");
  event.set_root(4026532182);
  EXPECT_EQ(
      ToJson(EventRecord(event)),
      R"({"time": "2009-02-13T23:31:30Z", "type": "root_create", "root": 4026532182, "pack": "/packs/p"})");
  event = MakeEvent("daemon_stop");
  event.set_text("idle");
  EXPECT_EQ(ToJson(EventRecord(event)),
            R"({"time": "2009-02-13T23:31:30Z", "type": "daemon_stop", "text": "idle"})");
}

TEST(EventRecordTest, OfAGap) {
  relocd::v1::Event event = MakeEvent("");
  event.set_lost(17);
  EXPECT_EQ(FindValue(EventRecord(event), "type")->string_value(), "lost");
  EXPECT_EQ(FindValue(EventRecord(event), "lost")->number_value(), 17);
}

TEST(EventRecordTest, NoControlCharacterReachesTheTerminal) {
  relocd::v1::Event event = MakeEvent("launch");
  event.mutable_job()->set_name("a\x1b[31m\n");
  EXPECT_EQ(EventLine(event).find_first_of("\x1b\n"), std::string::npos);
}

}  // namespace
}  // namespace reloc
