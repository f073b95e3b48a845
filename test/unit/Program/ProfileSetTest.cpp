//===- ProfileSetTest.cpp - Profile sets as files -------------------------===//

#include "ProgramBuilder.h"

#include "aceso/Program/ProfileSet.h"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

using namespace aceso;
using namespace aceso::test;
using testing::HasSubstr;
using testing::StartsWith;

/// Dropout of a [samples, 6] input on two ranks, tp 1: the smallest program with an op.
static Program dropoutProgram(int64_t samples) {
  Program program;
  program.name = "dropout";
  program.microBatch = 2 * samples;
  program.globalBatch = 8 * samples;
  program.devicesPerNode = 2;
  program.inputs = {{"x", ElementType::F32, {2 * samples, 6}, 0},
                    {"ids", ElementType::I32, {2 * samples, 6}, 0}};
  program.stages.resize(1);
  program.stages[0].mesh = {2};
  SegmentBuilder forward(program, 0, SegmentKind::Forward);
  Layout byBatch = split({{0}, {}});
  Index x = forward.input(0, byBatch);
  forward.kernel("nn.dropout", "drop", "b s -> b s", {x},
                 {tensor(ElementType::F32, {2 * samples, 6}, byBatch)}, {{"p", 0.1}});
  forward.finish();
  SegmentBuilder(program, 0, SegmentKind::Read).finish();
  SegmentBuilder(program, 0, SegmentKind::Backward).finish();
  SegmentBuilder(program, 0, SegmentKind::Update).finish();
  program.stages[0].schedule = {run(1), repeat(4, {run(0), run(2)}), run(3)};
  return program;
}

static ProfileSet exampleSet() {
  ProfileSet set;
  set.model = "m";
  set.tablePrefix = "gpt_m";
  set.type = ElementType::BF16;
  set.devices = 2;
  for (int64_t samples : {1, 4}) {
    ProfileEntry entry;
    entry.key = {"dropout", samples, 1, 0};
    entry.path = "drop";
    entry.inputBytes = 48 * samples;
    entry.outputBytes = 49 * samples;
    entry.weightBytes = 7;
    entry.inputBounds = {0, 50};
    entry.program = dropoutProgram(samples);
    set.entries.push_back(entry);
    ProfileEntry same;
    same.key = {"dropout", samples, 1, 1};
    same.path = "drop";
    same.sameAs = set.entries.size() - 1;
    set.entries.push_back(same);
  }
  set.skipped.push_back({{"dropout", 1, 2, 1}, "tp 2 does not divide letter s of size 5"});
  return set;
}

static std::string errorOf(const std::string &text) {
  Result<ProfileSet> set = parseProfileSet(text, "set.json");
  return set ? "" : set.error();
}

TEST(ProfileSetTest, PrintAndParseAreInverse) {
  ProfileSet set = exampleSet();
  ASSERT_EQ(verifyProfileSet(set), "");
  EXPECT_EQ(set.itemBytes(), 2);
  std::string text = printProfileSet(set);
  Result<ProfileSet> parsed = parseProfileSet(text, "set.json");
  ASSERT_TRUE(parsed) << parsed.error();
  EXPECT_EQ(verifyProfileSet(*parsed), "");
  EXPECT_EQ(printProfileSet(*parsed), text);
  EXPECT_EQ(parsed->tablePrefix, "gpt_m");
  EXPECT_EQ(parsed->type, ElementType::BF16);
  ASSERT_EQ(parsed->entries.size(), 4u);
  EXPECT_EQ(parsed->entries[2].key, (ProfileKey{"dropout", 4, 1, 0}));
  EXPECT_EQ(parsed->entries[2].outputBytes, 196);
  EXPECT_EQ(&parsed->measuredBy(3), &parsed->entries[2]);
  EXPECT_EQ(&parsed->measuredBy(2), &parsed->entries[2]);
  EXPECT_EQ(parsed->measuredBy(1).program.microBatch, 2);
  ASSERT_EQ(parsed->skipped.size(), 1u);
  EXPECT_EQ(parsed->skipped[0].key, (ProfileKey{"dropout", 1, 2, 1}));
  EXPECT_EQ(parsed->skipped[0].reason, "tp 2 does not divide letter s of size 5");
}

TEST(ProfileSetTest, ErrorsNameFilePlaceAndRemedy) {
  EXPECT_THAT(errorOf("not json"), StartsWith("set.json: no profile set: "));
  EXPECT_THAT(errorOf("{}"), HasSubstr("field 'aceso-profile-set' is missing; export the set "
                                       "again (aceso-translate --export-profile-set)"));
  std::string text = printProfileSet(exampleSet());
  auto replaced = [&](const std::string &from, const std::string &to) {
    std::string changed = text;
    size_t place = changed.find(from);
    EXPECT_NE(place, std::string::npos) << from;
    return changed.replace(place, from.size(), to);
  };
  EXPECT_THAT(errorOf(replaced("\"aceso-profile-set\": 2", "\"aceso-profile-set\": 9")),
              StartsWith("set.json: /aceso-profile-set: version 9, but this program reads"));
  EXPECT_THAT(errorOf(replaced("\"weight_bytes\": 7", "\"weight_bytes\": 8")),
              HasSubstr("/checksum: the content has checksum"));
}

TEST(ProfileSetTest, WhatCannotBeMeasuredIsRefused) {
  auto problemOf = [](auto change) {
    ProfileSet set = exampleSet();
    change(set);
    return verifyProfileSet(set);
  };
  EXPECT_EQ(problemOf([](ProfileSet &set) { set.entries[1].sameAs = 1; }),
            "entry 1 (dropout, samples 1, tp 1, rule 1): the same as entry 1, which is not an "
            "earlier one with a program");
  EXPECT_THAT(problemOf([](ProfileSet &set) { set.entries[3].sameAs = 0; }),
              HasSubstr("which is of another tp or number of samples"));
  EXPECT_THAT(problemOf([](ProfileSet &set) { set.entries[0].key.tp = 3; }),
              HasSubstr("tp 3 does not divide 2 devices"));
  EXPECT_THAT(problemOf([](ProfileSet &set) { set.entries[0].key.samples = 0; }),
              HasSubstr("samples must be at least 1"));
  EXPECT_THAT(problemOf([](ProfileSet &set) { set.entries[0].key.samples = 2; }),
              HasSubstr("micro-batches of 2 samples instead of 2 for each of 2 replicas"));
  EXPECT_THAT(problemOf([](ProfileSet &set) { set.entries[0].key.op.clear(); }),
              HasSubstr("the op has no name"));
  EXPECT_THAT(problemOf([](ProfileSet &set) { set.entries[0].inputBounds = {0}; }),
              HasSubstr("1 input bounds for 2 inputs"));
  EXPECT_THAT(problemOf([](ProfileSet &set) {
                set.entries[0].inputBounds = {5, 50};
              }),
              HasSubstr("input x of type f32 has the bound 5"));
  EXPECT_THAT(problemOf([](ProfileSet &set) {
                set.entries[0].inputBounds = {0, 0};
              }),
              HasSubstr("input ids of type i32 has the bound 0"));
  EXPECT_THAT(problemOf([](ProfileSet &set) { set.entries[0].path = "other"; }),
              HasSubstr("no kernel of a forward segment has the path other"));
  EXPECT_THAT(problemOf([](ProfileSet &set) { set.entries[0].weightBytes = -1; }),
              HasSubstr("sizes are negative"));
  EXPECT_THAT(problemOf([](ProfileSet &set) { set.entries[0].program.globalBatch = 3; }),
              HasSubstr("(dropout, samples 1, tp 1, rule 0): P1"));
  EXPECT_THAT(problemOf([](ProfileSet &set) { set.devices = 4; }),
              HasSubstr("1 stages and 2 ranks instead of one stage of 4"));
  EXPECT_THAT(problemOf([](ProfileSet &set) { set.devices = 0; }),
              HasSubstr("at least one device"));
  EXPECT_THAT(problemOf([](ProfileSet &set) { set.type = ElementType::I32; }),
              HasSubstr("floating-point numbers, not i32"));
}

TEST(ProfileSetTest, WhatIsReadIsVerified) {
  std::string file = (std::filesystem::path(testing::TempDir()) / "aceso-set-test.json").string();
  auto write = [&](const ProfileSet &set) { std::ofstream(file) << printProfileSet(set); };
  ProfileSet set = exampleSet();
  write(set);
  Result<ProfileSet> read = readProfileSet(file);
  ASSERT_TRUE(read) << read.error();
  EXPECT_EQ(printProfileSet(*read), printProfileSet(set));
  set.entries[0].path = "other";
  write(set);
  EXPECT_THAT(readProfileSet(file).takeError().text,
              StartsWith(file + ": entry 0 (dropout, samples 1, tp 1, rule 0): no kernel"));
  std::filesystem::remove(file);
  EXPECT_THAT(readProfileSet(file).takeError().text, HasSubstr("cannot be read"));
}
