//===- ProgramText.h - What printer and parser share ------------*- C++ -*-===//

#ifndef ACESO_LIB_PROGRAM_PROGRAMTEXT_H
#define ACESO_LIB_PROGRAM_PROGRAMTEXT_H

#include "JsonField.h"

#include "aceso/Program/Program.h"

#include <string>
#include <string_view>

namespace aceso {

inline constexpr char versionKey[] = "aceso-program";
inline constexpr char checksumKey[] = "checksum";
inline constexpr char programKey[] = "program";

/// Of the content, not of the text: white space is free.
std::string checksumOf(const nlohmann::ordered_json &content);
/// Fails if the field `checksum` of a document is not that of `content`.
void checkChecksum(const JsonField &document, const JsonField &content);

/// The content of a program file, as JSON.
nlohmann::ordered_json toJson(const Program &program);
/// The same back; throws JsonFieldError. Not verified.
Program programFromJson(const JsonField &field);

/// The text of a file: what fits on one line stands on one line, so that an instruction is a line.
std::string printDocument(const nlohmann::ordered_json &document);
/// The JSON of a file's text; throws JsonFieldError or the JSON library's exception.
nlohmann::ordered_json parseDocument(std::string_view text);

} // namespace aceso

#endif // ACESO_LIB_PROGRAM_PROGRAMTEXT_H
