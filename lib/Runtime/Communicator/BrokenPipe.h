//===- BrokenPipe.h - Connections whose other end is gone -------*- C++ -*-===//

#ifndef ACESO_LIB_RUNTIME_COMMUNICATOR_BROKENPIPE_H
#define ACESO_LIB_RUNTIME_COMMUNICATOR_BROKENPIPE_H

namespace aceso {

/// From now on, writing to a connection that its other end has closed is an error of the call. As a
/// process starts it is a signal, SIGPIPE, which ends the process without a word: then the rank
/// that noticed a failure would be taken for the one that failed. A handler that the program has
/// set stays.
void makeBrokenPipesErrors();

} // namespace aceso

#endif // ACESO_LIB_RUNTIME_COMMUNICATOR_BROKENPIPE_H
