//===- ModelFamily.cpp - The families of models that can be built ---------===//

#include "ModelFamily.h"

llvm::ArrayRef<aceso::ModelFamily> aceso::getModelFamilies() {
  static constexpr ModelFamily families[] = {
      {"gpt2", buildGPT},
  };
  return families;
}
