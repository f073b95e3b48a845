//===- ProgramText.h - What printer and parser share ------------*- C++ -*-===//

#ifndef ACESO_LIB_PROGRAM_PROGRAMTEXT_H
#define ACESO_LIB_PROGRAM_PROGRAMTEXT_H

#include <nlohmann/json.hpp>

#include <string>

namespace aceso {

inline constexpr char versionKey[] = "aceso-program";
inline constexpr char checksumKey[] = "checksum";
inline constexpr char programKey[] = "program";

/// Of the content, not of the text: white space is free.
std::string checksumOf(const nlohmann::ordered_json &program);

} // namespace aceso

#endif // ACESO_LIB_PROGRAM_PROGRAMTEXT_H
