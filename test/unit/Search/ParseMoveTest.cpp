//===- ParseMoveTest.cpp - Moves as text ------------------------*- C++ -*-===//

#include "aceso/Search/Moves.h"

#include <gmock/gmock.h>

using namespace aceso;
using testing::HasSubstr;

TEST(ParseMoveTest, PrintsWhatItReads) {
  for (const char *text : {
           "par-move-ops{stage=1 count=-3}",
           "par-move-devices{from=0,2 from-axes=tp,dp to=1 to-axis=dp}",
           "par-exchange-axes{stage=2 ops=0-12,20 to=tp}",
           "par-exchange-axes{stage=2 to=dp}",
           "par-set-micro-batch{size=4}",
           "par-set-recompute{ops=3-4 value=recompute}",
           "par-set-recompute{ops=3 value=keep}",
           "par-set-rule{ops=7 rule=1}",
           "par-set-degrees{ops=0-6 tp=2 dp=4}",
           "par-set-stages{ops=10,19 devices=2,2 tp=1,2}",
           "par-set-stages{ops=10,19 devices=2,2}",
       }) {
    Result<std::unique_ptr<Move>> move = parseMove(text);
    ASSERT_TRUE(move) << move.error();
    EXPECT_EQ((*move)->toString(), text);
  }
}

TEST(ParseMoveTest, ReadsWhatMLIRPrints) {
  Result<MoveList> moves = parseMoves("par-set-stages{devices={2,2} ops={10,19}},"
                                      "par-set-recompute{ops=3 value=true},par-move-ops{}");
  ASSERT_TRUE(moves) << moves.error();
  EXPECT_EQ(toString(*moves), "par-set-stages{ops=10,19 devices=2,2},"
                              "par-set-recompute{ops=3 value=recompute},"
                              "par-move-ops{stage=0 count=1}");
  ASSERT_TRUE(parseMoves(""));
  EXPECT_TRUE(parseMoves("")->empty());
}

TEST(ParseMoveTest, ErrorsNameMoveAndOption) {
  auto error = [](const char *text) {
    Result<std::unique_ptr<Move>> move = parseMove(text);
    return move ? "none" : move.error();
  };
  EXPECT_THAT(error("par-shuffle{x=1}"),
              HasSubstr("'par-shuffle' is no move; there are par-move-ops"));
  EXPECT_THAT(error("par-move-ops{stage=1"), HasSubstr("lacks a closing brace"));
  EXPECT_EQ(error("par-move-ops{stage=x}"), "par-move-ops: stage=x must be a number");
  EXPECT_EQ(error("par-move-ops{stage=-1}"),
            "par-move-ops: stage=-1 must be a number that is not negative");
  EXPECT_EQ(error("par-move-ops{speed=1}"), "par-move-ops has no option 'speed'");
  EXPECT_EQ(error("par-set-micro-batch{}"), "par-set-micro-batch needs the option 'size'");
  EXPECT_EQ(error("par-exchange-axes{to=pp}"), "par-exchange-axes: to=pp must be tp or dp");
  EXPECT_EQ(error("par-set-recompute{ops=1 value=maybe}"),
            "par-set-recompute: value=maybe must be recompute or keep (true or false)");
  EXPECT_THAT(error("par-set-rule{ops=4-2 rule=1}"), HasSubstr("ops='4-2' is no list of ops"));
  EXPECT_THAT(error("par-set-stages{ops=1,x devices=1,1}"), HasSubstr("ops=x must be a number"));
}

TEST(OpRangesTest, AscendingAndDisjoint) {
  auto text = [](const char *input) {
    Result<OpRanges> ranges = OpRanges::parse(input);
    return ranges ? ranges->toString() : "refused";
  };
  EXPECT_EQ(text("0-12,20"), "0-12,20");
  EXPECT_EQ(text("5"), "5");
  EXPECT_EQ(text("1,2,3"), "1-3") << "neighbours join";
  for (const char *bad : {"", "a", "1-", "-1", "3-2", "1,1", "5,3", "1,,2", "1;2", "4294967296"})
    EXPECT_EQ(text(bad), "refused") << bad;
  EXPECT_EQ(OpRanges::of({0, 1, 2, 7, 9, 10}).toString(), "0-2,7,9-10");
}
