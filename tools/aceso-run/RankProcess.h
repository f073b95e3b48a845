//===- RankProcess.h - A process that is one rank ---------------*- C++ -*-===//

#ifndef ACESO_TOOLS_ACESO_RUN_RANKPROCESS_H
#define ACESO_TOOLS_ACESO_RUN_RANKPROCESS_H

#include "RunSettings.h"

#include "aceso/Runtime/Communicator.h"
#include "aceso/Runtime/RankEnvironment.h"

namespace aceso {

/// Exit code of a rank that ended because another one failed.
inline constexpr int peerFailureCode = 75;
/// Names the folder in which our own launcher's ranks meet and leave why they failed.
inline constexpr char runFolderVariable[] = "ACESO_RUN_FOLDER";

/// The file in which a rank leaves why it failed.
std::string failureFile(const std::string &runFolder, uint32_t rank);

/// What a rank does; throws PeerFailure if another rank failed, any other exception if it did.
using RankBody = std::function<void(Communicator &)>;

/// Runs `body` as the rank that the environment says; the exit code of the process.
int runRank(const RunSettings &settings, const RankEnvironment &environment, const RankBody &body);

} // namespace aceso

#endif // ACESO_TOOLS_ACESO_RUN_RANKPROCESS_H
