//===- Launcher.cpp - Starts one process for each rank --------------------===//

#include "aceso/Runtime/Launcher.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

namespace aceso {

namespace {

using Clock = std::chrono::steady_clock;

/// What a rank prints, on its way to our own output.
struct Stream {
  int source = -1; ///< read end of the pipe, -1 when closed
  int target = STDOUT_FILENO;
  std::string prefix, line;

  /// Passes on what is there; whole lines only where a prefix stands in front.
  void pump() {
    char buffer[4096];
    ssize_t count = read(source, buffer, sizeof buffer);
    if (count < 0 && (errno == EAGAIN || errno == EINTR))
      return;
    if (count <= 0) {
      if (!line.empty())
        put(prefix + line + "\n");
      line.clear();
      close(source);
      source = -1;
      return;
    }
    if (prefix.empty())
      return put(std::string(buffer, count));
    line.append(buffer, count);
    size_t end;
    while ((end = line.find('\n')) != std::string::npos) {
      put(prefix + line.substr(0, end + 1));
      line.erase(0, end + 1);
    }
  }

  void put(const std::string &text) const {
    for (size_t done = 0; done < text.size();) {
      ssize_t count = write(target, text.data() + done, text.size() - done);
      if (count < 0 && errno != EINTR)
        return; // nobody reads our output any more
      done += count > 0 ? count : 0;
    }
  }
};

struct Rank {
  pid_t process = -1; ///< -1 once it has ended
  Stream output, errors;
};

volatile sig_atomic_t receivedSignal = 0;

/// While ranks run, a signal that asks this process to end is remembered instead, and a reader of
/// our output who leaves ends nothing.
class SignalGuard {
public:
  SignalGuard() {
    receivedSignal = 0;
    auto remember = [](int number) { receivedSignal = number; };
    set(interrupt, remember);
    set(terminate, remember);
    set(hangUp, remember);
    // With nohup they go on without a terminal.
    if (hangUp.before.sa_handler == SIG_IGN)
      sigaction(SIGHUP, &hangUp.before, nullptr);
    set(brokenPipe, SIG_IGN);
  }
  ~SignalGuard() {
    for (const Handled *handled : {&interrupt, &terminate, &hangUp, &brokenPipe})
      sigaction(handled->number, &handled->before, nullptr);
  }

private:
  struct Handled {
    int number;
    struct sigaction before = {};
  };

  static void set(Handled &handled, void (*handler)(int)) {
    struct sigaction action = {};
    action.sa_handler = handler;
    sigaction(handled.number, &action, &handled.before);
  }

  Handled interrupt{SIGINT}, terminate{SIGTERM}, hangUp{SIGHUP}, brokenPipe{SIGPIPE};
};

class RankGroup {
public:
  explicit RankGroup(const LaunchOptions &options) : options(options), ranks(options.numRanks) {}

  LaunchResult run() {
    SignalGuard guard;
    for (uint32_t rank = 0; rank < ranks.size(); ++rank)
      if (!start(rank))
        break;
    while (anyRuns() || anyOutput()) {
      pump();
      reap();
      noticeSignal();
      if (victim && !ending && Clock::now() > victimDeadline)
        fail(victim->exitCode, victim->message, victim->failedRank);
      if (ending && !killed && Clock::now() > deadline) {
        signalAll(SIGKILL);
        killed = true;
      }
    }
    return result.exitCode == 0 && victim ? *victim : result;
  }

private:
  bool start(uint32_t index) {
    Rank &rank = ranks[index];
    int outputPipe[2], errorPipe[2];
    if (pipe2(outputPipe, O_CLOEXEC) != 0 || pipe2(errorPipe, O_CLOEXEC) != 0) {
      fail(1,
           std::string("cannot start rank ") + std::to_string(index) + ": " + std::strerror(errno));
      return false;
    }
    // Everything that allocates comes before fork.
    std::vector<std::string> environment = environmentOf(index);
    std::vector<char *> arguments, variables;
    for (const std::string &argument : options.command)
      arguments.push_back(const_cast<char *>(argument.c_str()));
    for (const std::string &variable : environment)
      variables.push_back(const_cast<char *>(variable.c_str()));
    arguments.push_back(nullptr);
    variables.push_back(nullptr);
    pid_t parent = getpid(), process = fork();
    if (process == 0) {
      // The ranks go when the launcher goes, even if it is killed.
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      if (getppid() != parent)
        _exit(1);
      dup2(outputPipe[1], STDOUT_FILENO);
      dup2(errorPipe[1], STDERR_FILENO);
      signal(SIGPIPE, SIG_DFL); // what is ignored stays so over exec
      execve(arguments[0], arguments.data(), variables.data());
      dprintf(STDERR_FILENO, "cannot run %s: %s\n", arguments[0], std::strerror(errno));
      _exit(127);
    }
    close(outputPipe[1]);
    close(errorPipe[1]);
    if (process < 0) {
      close(outputPipe[0]);
      close(errorPipe[0]);
      fail(1,
           std::string("cannot start rank ") + std::to_string(index) + ": " + std::strerror(errno));
      return false;
    }
    std::string prefix =
        options.prefixOutput && index != 0 ? "[rank " + std::to_string(index) + "] " : "";
    rank.process = process;
    rank.output = {outputPipe[0], STDOUT_FILENO, prefix, {}};
    rank.errors = {errorPipe[0], STDERR_FILENO, prefix, {}};
    fcntl(outputPipe[0], F_SETFL, O_NONBLOCK);
    fcntl(errorPipe[0], F_SETFL, O_NONBLOCK);
    return true;
  }

  std::vector<std::string> environmentOf(uint32_t index) const {
    std::vector<std::string> own = options.environment;
    std::string rank = std::to_string(index), size = std::to_string(options.numRanks);
    own.insert(own.end(), {"RANK=" + rank, "LOCAL_RANK=" + rank, "WORLD_SIZE=" + size,
                           "LOCAL_WORLD_SIZE=" + size});
    auto nameOf = [](const std::string &variable) {
      return variable.substr(0, variable.find('=') + 1);
    };
    std::vector<std::string> result = own;
    for (char **variable = environ; *variable; ++variable) {
      std::string inherited = *variable;
      if (std::none_of(own.begin(), own.end(),
                       [&](const std::string &mine) { return nameOf(mine) == nameOf(inherited); }))
        result.push_back(std::move(inherited));
    }
    return result;
  }

  void pump() {
    std::vector<pollfd> waits;
    std::vector<Stream *> streams;
    for (Rank &rank : ranks)
      for (Stream *stream : {&rank.output, &rank.errors})
        if (stream->source >= 0) {
          waits.push_back({stream->source, POLLIN, 0});
          streams.push_back(stream);
        }
    // Not longer than this, so that an ended rank and the deadline are noticed.
    constexpr int pauseMs = 20;
    if (poll(waits.data(), waits.size(), pauseMs) <= 0)
      return;
    for (size_t i = 0; i < waits.size(); ++i)
      if (waits[i].revents)
        streams[i]->pump();
  }

  void reap() {
    for (uint32_t index = 0; index < ranks.size(); ++index) {
      int status = 0;
      if (ranks[index].process < 0 ||
          waitpid(ranks[index].process, &status, WNOHANG) != ranks[index].process)
        continue;
      ranks[index].process = -1;
      // A terminal sends its signals to the ranks as well: that they die of it is no failure.
      noticeSignal();
      std::string name = "rank " + std::to_string(index);
      if (WIFSIGNALED(status)) {
        fail(128 + WTERMSIG(status),
             name + " was killed by signal " + std::to_string(WTERMSIG(status)) + " (" +
                 strsignal(WTERMSIG(status)) + ")",
             index);
        continue;
      }
      int code = WEXITSTATUS(status);
      std::string message = name + " ended with exit code " + std::to_string(code);
      if (code != 0 && code == options.peerFailureCode)
        suspect({code, message, index});
      else if (code != 0)
        fail(code, message, index);
    }
  }

  void noticeSignal() {
    if (receivedSignal)
      fail(128 + receivedSignal,
           std::string("interrupted by signal ") + std::to_string(receivedSignal));
  }

  /// A rank ended because of another one, which is about to end as well.
  void suspect(LaunchResult failure) {
    constexpr auto patience = std::chrono::seconds(2);
    if (victim)
      return;
    victim = std::move(failure);
    victimDeadline = Clock::now() + patience;
  }

  /// The first failure counts; the other ranks cannot go on without this one.
  void fail(int exitCode, std::string message, std::optional<uint32_t> rank = std::nullopt) {
    if (ending)
      return;
    ending = true;
    deadline = Clock::now() + options.grace;
    result = {exitCode, std::move(message), rank};
    signalAll(SIGTERM);
  }

  void signalAll(int number) const {
    for (const Rank &rank : ranks)
      if (rank.process > 0)
        kill(rank.process, number);
  }

  bool anyRuns() const {
    return std::any_of(ranks.begin(), ranks.end(),
                       [](const Rank &rank) { return rank.process > 0; });
  }
  /// A grandchild may keep a pipe open; after a failure nobody waits for it.
  bool anyOutput() const {
    return !(ending && Clock::now() > deadline) &&
           std::any_of(ranks.begin(), ranks.end(), [](const Rank &rank) {
             return rank.output.source >= 0 || rank.errors.source >= 0;
           });
  }

  const LaunchOptions &options;
  std::vector<Rank> ranks;
  LaunchResult result;
  std::optional<LaunchResult> victim; ///< the first rank that ended because of another one
  Clock::time_point victimDeadline;
  bool ending = false, killed = false;
  Clock::time_point deadline;
};

} // namespace

LaunchResult launchRanks(const LaunchOptions &options) { return RankGroup(options).run(); }

} // namespace aceso
