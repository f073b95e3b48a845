//===- PublishedSetting.h - Settings of the published search ----*- C++ -*-===//

#ifndef ACESO_TEST_UNIT_SEARCH_PUBLISHEDSETTING_H
#define ACESO_TEST_UNIT_SEARCH_PUBLISHEDSETTING_H

#include "../Cost/GoldenSetting.h"

#include "aceso/Search/AcesoStageModel.h"

namespace aceso::test {

/// A golden setting (see GoldenSetting) with a stage model. Null, and the test skipped by the
/// caller, where there is no data.
struct PublishedSetting {
  std::unique_ptr<GoldenSetting> golden;
  std::unique_ptr<StageModel> model;

  static std::unique_ptr<PublishedSetting> load(const std::string &name);
  /// Our own small set, always there.
  static std::unique_ptr<PublishedSetting> loadTiny();
};

/// Kinds and layers by op names: a new layer begins where a name of the current one returns; an op
/// whose name is unique is a block of its own.
void numberOps(ModelFacts &facts);

} // namespace aceso::test

#endif // ACESO_TEST_UNIT_SEARCH_PUBLISHEDSETTING_H
