//===- Remedies.h - Registration of remedies --------------------*- C++ -*-===//

#ifndef ACESO_LIB_SEARCH_REMEDIES_H
#define ACESO_LIB_SEARCH_REMEDIES_H

#include "aceso/Search/Moves.h"
#include "aceso/Search/Remedy.h"

namespace aceso {

using RemedyList = std::vector<std::unique_ptr<Remedy>>;

void addRecomputeRemedies(RemedyList &remedies);
void addBoundaryRemedies(RemedyList &remedies);
void addDeviceRemedies(RemedyList &remedies);
void addSplitRemedies(RemedyList &remedies);
void addMicroBatchRemedies(RemedyList &remedies);
void addRepartitionRemedy(RemedyList &remedies);

/// The pattern of a stage with every op's tp and dp multiplied and divided; none if that is not
/// allowed for one of them.
struct DegreeChange {
  uint16_t timesTp = 1, overTp = 1, timesDp = 1, overDp = 1;
};
std::optional<PatternId> changeDegrees(StageModel &model, const StageChoice &stage,
                                       const DegreeChange &change);

/// "1 device", "3 ops".
std::string countOf(uint64_t count, const char *what);

} // namespace aceso

#endif // ACESO_LIB_SEARCH_REMEDIES_H
