//===- InputFile.h - Files that are read at once ----------------*- C++ -*-===//

#ifndef ACESO_SUPPORT_INPUTFILE_H
#define ACESO_SUPPORT_INPUTFILE_H

#include "aceso/Support/Result.h"

namespace aceso {

/// The content of a file; the error is "FILE: cannot be read (REASON); REMEDY".
Result<std::string> readWhole(const std::string &file, const std::string &remedy);

} // namespace aceso

#endif // ACESO_SUPPORT_INPUTFILE_H
