//===- ModelBuilder.cpp - Builds an nn.model op by op ---------------------===//

#include "ModelBuilder.h"

using namespace mlir;
using namespace aceso;

static FloatType elementTypeOf(StringRef name, MLIRContext *context) {
  if (name == "f16" || name == "float16")
    return Float16Type::get(context);
  if (name == "bf16" || name == "bfloat16")
    return BFloat16Type::get(context);
  if (name == "f64" || name == "float64")
    return Float64Type::get(context);
  return Float32Type::get(context);
}

CommonKeys aceso::readCommonKeys(ModelKeys &keys, StringRef family, MLIRContext *context) {
  CommonKeys common;
  common.name = keys.getString("name", family);
  common.modelSize = keys.getString("model_size", "custom");
  common.profile = keys.getString("profile", "");
  common.elementType = elementTypeOf(
      keys.getChoice(keys.either("dtype", "torch_dtype"),
                     {"f16", "bf16", "f32", "f64", "float16", "bfloat16", "float32", "float64"},
                     "f32"),
      context);
  return common;
}

ModelBuilder::ModelBuilder(const ModelKeys &keys, const CommonKeys &common, DictionaryAttr config,
                           ArrayRef<ModelInput> inputs, MLIRContext *context)
    : b(context), fileLoc(keys.getObject().getLoc()), elementType(common.elementType),
      module(ModuleOp::create(fileLoc)) {
  b.setInsertionPointToEnd(module->getBody());
  SmallVector<Type> types;
  SmallVector<Attribute> names;
  for (const ModelInput &input : inputs) {
    types.push_back(input.type);
    names.push_back(b.getDictionaryAttr(
        b.getNamedAttr(nn::NNDialect::getInputNameAttrName(), b.getStringAttr(input.name))));
  }
  auto loss = RankedTensorType::get({}, accumulationType());
  model = nn::ModelOp::create(
      b, fileLoc, b.getStringAttr(common.name), TypeAttr::get(b.getFunctionType(types, loss)),
      config, common.profile.empty() ? StringAttr() : b.getStringAttr(common.profile),
      b.getArrayAttr(names), ArrayAttr());
  Block &body = model.getBody().emplaceBlock();
  for (Type type : types)
    body.addArgument(type, fileLoc);
  b.setInsertionPointToEnd(&body);
}

Location ModelBuilder::pathLoc(StringRef path) {
  return NameLoc::get(b.getStringAttr(path), fileLoc);
}

Value ModelBuilder::parameter(const Twine &path, ArrayRef<int64_t> shape, nn::InitAttr init,
                              bool isDecayed) {
  OpBuilder::InsertionGuard guard(b);
  if (lastParameter)
    b.setInsertionPointAfter(lastParameter);
  else
    b.setInsertionPointToStart(&model.getBody().front());
  std::string name = path.str();
  auto op = nn::ParameterOp::create(b, pathLoc(name), type(shape), name, init, !isDecayed);
  lastParameter = op;
  return op;
}

Value ModelBuilder::normal(const Twine &path, ArrayRef<int64_t> shape, double deviation) {
  return parameter(
      path, shape,
      nn::InitAttr::get(b.getContext(), nn::InitKind::Normal, b.getF64FloatAttr(deviation)),
      /*isDecayed=*/true);
}

Value ModelBuilder::zeros(const Twine &path, ArrayRef<int64_t> shape) {
  return parameter(path, shape, nn::InitAttr::get(b.getContext(), nn::InitKind::Zeros, {}),
                   /*isDecayed=*/false);
}

Value ModelBuilder::ones(const Twine &path, ArrayRef<int64_t> shape) {
  return parameter(path, shape, nn::InitAttr::get(b.getContext(), nn::InitKind::Ones, {}),
                   /*isDecayed=*/false);
}

OwningOpRef<ModuleOp> ModelBuilder::finish(Value loss) {
  nn::ReturnOp::create(b, fileLoc, loss);
  return std::move(module);
}
