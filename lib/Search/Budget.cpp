//===- Budget.cpp - How much a search may judge -----------------*- C++ -*-===//

#include "aceso/Search/Budget.h"

using namespace aceso;

bool Budget::isSpent() const {
  uint64_t judged = model->numJudged();
  if (judged >= stopAt || cutByClock)
    return true;
  // The clock costs more than a candidate.
  if (deadline && judged >= nextLook) {
    nextLook = judged + 64;
    cutByClock = Clock::now() >= *deadline;
  }
  return cutByClock;
}
