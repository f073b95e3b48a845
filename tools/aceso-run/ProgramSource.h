//===- ProgramSource.h - Programs from files and from IR --------*- C++ -*-===//

#ifndef ACESO_TOOLS_ACESO_RUN_PROGRAMSOURCE_H
#define ACESO_TOOLS_ACESO_RUN_PROGRAMSOURCE_H

#include "aceso/Support/Result.h"

#include <string>

namespace aceso {

/// The program file that `file` stands for: itself, or if it is IR (.mlir) what the compiler tools
/// beside this program make of it, in `folder`. A plan is lowered with the defaults of
/// lower-to-exec.
Result<std::string> findProgramFile(const std::string &file, const std::string &folder);

} // namespace aceso

#endif // ACESO_TOOLS_ACESO_RUN_PROGRAMSOURCE_H
