//===- LauncherTest.cpp ---------------------------------------------------===//

#include "aceso/Runtime/Launcher.h"

#include "gmock/gmock.h"

#include <fcntl.h>
#include <signal.h>
#include <thread>
#include <unistd.h>
#include <utility>

using namespace aceso;
using testing::HasSubstr;

static LaunchOptions shell(const std::string &script, uint32_t numRanks) {
  LaunchOptions options;
  options.command = {"/bin/sh", "-c", script};
  options.numRanks = numRanks;
  options.grace = std::chrono::milliseconds(300);
  return options;
}

TEST(LauncherTest, RanksKnowWhoTheyAreAndTheirOutputIsPassedOn) {
  LaunchOptions options = shell("echo $RANK of $WORLD_SIZE, $LOCAL_RANK, $EXTRA", 3);
  options.environment = {"EXTRA=more"};
  testing::internal::CaptureStdout();
  LaunchResult result = launchRanks(options);
  std::string output = testing::internal::GetCapturedStdout();
  EXPECT_EQ(result.exitCode, 0);
  EXPECT_EQ(result.message, "");
  EXPECT_THAT(output, HasSubstr("0 of 3, 0, more\n"));
  EXPECT_THAT(output, HasSubstr("[rank 1] 1 of 3, 1, more\n"));
  EXPECT_THAT(output, HasSubstr("[rank 2] 2 of 3, 2, more\n"));
}

TEST(LauncherTest, LastLineWithoutEndIsNotLost) {
  testing::internal::CaptureStdout();
  EXPECT_EQ(launchRanks(shell("printf 'no end'", 2)).exitCode, 0);
  EXPECT_THAT(testing::internal::GetCapturedStdout(), HasSubstr("[rank 1] no end\n"));
}

TEST(LauncherTest, FirstFailureEndsTheOthersAndIsReported) {
  // Rank 1 fails; the others would run for minutes.
  LaunchResult result = launchRanks(shell("if [ $RANK = 1 ]; then exit 7; fi; exec sleep 300", 3));
  EXPECT_EQ(result.exitCode, 7);
  EXPECT_EQ(result.message, "rank 1 ended with exit code 7");
}

TEST(LauncherTest, SignalIsReportedByName) {
  LaunchResult result =
      launchRanks(shell("if [ $RANK = 0 ]; then kill -9 $$; fi; exec sleep 300", 2));
  EXPECT_EQ(result.exitCode, 137);
  EXPECT_EQ(result.message, "rank 0 was killed by signal 9 (Killed)");
}

TEST(LauncherTest, RankThatDoesNotListenIsKilledAfterTheGrace) {
  LaunchResult result = launchRanks(
      shell("if [ $RANK = 1 ]; then exit 3; fi; trap '' TERM; while :; do sleep 0.05; done", 2));
  EXPECT_EQ(result.exitCode, 3);
}

TEST(LauncherTest, ProgramThatCannotRunIsSaid) {
  LaunchOptions options = shell("", 1);
  options.command = {"/no/such/program"};
  testing::internal::CaptureStderr();
  LaunchResult result = launchRanks(options);
  EXPECT_EQ(result.exitCode, 127);
  EXPECT_THAT(testing::internal::GetCapturedStderr(),
              HasSubstr("cannot run /no/such/program: No such file"));
}

TEST(LauncherTest, InterruptEndsAllRanks) {
  LaunchResult result =
      launchRanks(shell("if [ $RANK = 1 ]; then kill -INT $PPID; fi; exec sleep 300", 2));
  EXPECT_EQ(result.exitCode, 130);
  EXPECT_EQ(result.message, "interrupted by signal 2");
}

namespace {
/// Standard output goes into a pipe while it lives.
class OutputPipe {
public:
  OutputPipe() : output(dup(STDOUT_FILENO)) {
    EXPECT_EQ(pipe(ends), 0);
    dup2(ends[1], STDOUT_FILENO);
  }
  ~OutputPipe() {
    end();
    leave();
  }
  /// Nothing is written any more.
  void end() {
    if (output < 0)
      return;
    dup2(output, STDOUT_FILENO);
    close(std::exchange(output, -1));
    close(ends[1]);
  }
  /// Whoever writes now waits for a reader.
  void fill() {
    fcntl(ends[1], F_SETFL, O_NONBLOCK);
    while (write(ends[1], "", 1) == 1) {
    }
    fcntl(ends[1], F_SETFL, 0);
  }
  /// Until the end.
  void drain() const {
    char buffer[4096];
    while (read(ends[0], buffer, sizeof buffer) > 0) {
    }
  }
  void leave() { close(std::exchange(ends[0], -1)); }

private:
  int ends[2], output;
};
} // namespace

/// A terminal interrupts the ranks as well. Here they have died of it before the launcher, which
/// waits for a reader, has looked at its own signal.
TEST(LauncherTest, InterruptOfAllIsNoFailureOfARank) {
  OutputPipe pipe;
  pipe.fill();
  std::thread reader([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(800));
    pipe.drain();
  });
  LaunchResult result =
      launchRanks(shell("echo begun; sleep 0.2; kill -INT $PPID; kill -INT $$", 1));
  pipe.end();
  reader.join();
  EXPECT_EQ(result.exitCode, 130);
  EXPECT_EQ(result.message, "interrupted by signal 2");
  EXPECT_FALSE(result.failedRank);
}

TEST(LauncherTest, HangUpEndsAllRanks) {
  LaunchResult result = launchRanks(shell("kill -HUP $PPID; exec sleep 300", 1));
  EXPECT_EQ(result.exitCode, 129);
  EXPECT_EQ(result.message, "interrupted by signal 1");
}

/// `aceso-run train ... | head`: the training goes on.
TEST(LauncherTest, ReaderThatLeavesEndsNothing) {
  OutputPipe pipe;
  pipe.leave();
  LaunchResult result = launchRanks(shell("echo something; echo more", 2));
  pipe.end();
  EXPECT_EQ(result.exitCode, 0) << result.message;
}

TEST(LauncherTest, TheCulpritIsReportedAndNotItsVictims) {
  // Rank 0 notices the failure of rank 2 before rank 2 has ended.
  LaunchOptions options = shell("if [ $RANK = 2 ]; then sleep 0.3; exit 9; fi; exit 75", 3);
  options.peerFailureCode = 75;
  LaunchResult result = launchRanks(options);
  EXPECT_EQ(result.exitCode, 9);
  EXPECT_EQ(result.message, "rank 2 ended with exit code 9");
  EXPECT_EQ(result.failedRank, 2u);
}

TEST(LauncherTest, AVictimWithoutCulpritIsReported) {
  LaunchOptions options = shell("exit 75", 2);
  options.peerFailureCode = 75;
  LaunchResult result = launchRanks(options);
  EXPECT_EQ(result.exitCode, 75);
  ASSERT_TRUE(result.failedRank);
}

TEST(LauncherTest, AVictimEndsRanksThatNoticeNothing) {
  LaunchOptions options = shell("if [ $RANK = 1 ]; then exit 75; fi; exec sleep 300", 2);
  options.peerFailureCode = 75;
  LaunchResult result = launchRanks(options);
  EXPECT_EQ(result.exitCode, 75);
  EXPECT_EQ(result.failedRank, 1u);
}
