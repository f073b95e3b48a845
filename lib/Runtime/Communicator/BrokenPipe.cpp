//===- BrokenPipe.cpp - Connections whose other end is gone ---------------===//

#include "BrokenPipe.h"

#include <csignal>

namespace aceso {

void makeBrokenPipesErrors() {
  struct sigaction current = {};
  if (sigaction(SIGPIPE, nullptr, &current) == 0 && !(current.sa_flags & SA_SIGINFO) &&
      current.sa_handler == SIG_DFL)
    std::signal(SIGPIPE, SIG_IGN);
}

} // namespace aceso
