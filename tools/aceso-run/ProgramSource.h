//===- ProgramSource.h - Programs from files and from IR --------*- C++ -*-===//

#ifndef ACESO_TOOLS_ACESO_RUN_PROGRAMSOURCE_H
#define ACESO_TOOLS_ACESO_RUN_PROGRAMSOURCE_H

#include "TemporaryFolder.h"

#include "aceso/Support/Result.h"

#include <cstdint>
#include <string>
#include <vector>

namespace aceso {

/// The program file that `file` stands for: itself, or if it is IR (.mlir) what the compiler tools
/// beside this program make of it, in `folder`. A plan is lowered with the defaults of
/// lower-to-exec.
Result<std::string> findProgramFile(const std::string &file, TemporaryFolder &folder);

/// What a model is asked to be measured with.
struct ProfileRequest {
  uint32_t numRanks = 1;
  std::vector<int64_t> samples; ///< per replica
  std::vector<int64_t> tps;     ///< empty: every degree that the ranks allow
};

/// The profile set that `file` stands for: itself, or if it is a model (.mlir) what aceso-translate
/// makes of it for the request, in `folder`.
Result<std::string> findProfileSetFile(const std::string &file, const ProfileRequest &request,
                                       TemporaryFolder &folder);

} // namespace aceso

#endif // ACESO_TOOLS_ACESO_RUN_PROGRAMSOURCE_H
