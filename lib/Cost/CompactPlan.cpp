//===- CompactPlan.cpp - A plan as dense arrays -----------------*- C++ -*-===//

#include "aceso/Cost/CompactPlan.h"

#include <cassert>

using namespace aceso;

uint32_t CompactPlan::firstOp(uint32_t stage) const {
  assert(stage <= stages.size());
  uint32_t first = 0;
  for (uint32_t i = 0; i < stage; ++i)
    first += stages[i].numOps;
  return first;
}

uint32_t CompactPlan::firstDevice(uint32_t stage) const {
  assert(stage <= stages.size());
  uint32_t first = 0;
  for (uint32_t i = 0; i < stage; ++i)
    first += stages[i].devices;
  return first;
}
