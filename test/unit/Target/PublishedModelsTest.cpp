//===- PublishedModelsTest.cpp - Models are the published ones ------------===//
//
// Op count, op names and number of parameters of every published GPT, against golden/models.json.
//
//===----------------------------------------------------------------------===//

#include "aceso/Target/ModelImport.h"

#include "aceso/Dialect/NN/NN.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cstdlib>
#include <filesystem>
#include <fstream>

using namespace mlir;
using nlohmann::json;

namespace aceso {
namespace {

/// What models.json says of a model, read off its nn.model.
struct ModelSummary {
  std::string size;
  std::vector<std::string> opNames;
  int64_t numParameters = 0;
};

ModelSummary summarize(const std::string &fileName, std::vector<std::string> settings = {}) {
  MLIRContext context;
  ModelOverrides overrides;
  overrides.settings = std::move(settings);
  OwningOpRef<ModuleOp> module =
      importModelFile(ACESO_SOURCE_DIR "/models/" + fileName, overrides, &context);
  ModelSummary summary;
  if (!module) {
    ADD_FAILURE() << fileName << " cannot be imported";
    return summary;
  }
  auto model = *module->getOps<nn::ModelOp>().begin();
  summary.size = cast<StringAttr>(model.getConfigAttr().get("model_size")).str();
  model.walk([&](Operation *op) {
    if (auto unit = dyn_cast<nn::NNOp>(op))
      summary.opNames.push_back(unit.getProfileKey().str());
    if (auto parameter = dyn_cast<nn::ParameterOp>(op))
      summary.numParameters += cast<RankedTensorType>(parameter.getType()).getNumElements();
  });
  return summary;
}

void expectPublished(const ModelSummary &summary, const json &published) {
  EXPECT_EQ(summary.opNames.size(), published["num_ops"].get<size_t>());
  EXPECT_EQ(summary.numParameters, published["total_parameters"].get<int64_t>());
  auto first = published["first_op_names"].get<std::vector<std::string>>();
  auto last = published["last_op_names"].get<std::vector<std::string>>();
  ASSERT_GE(summary.opNames.size(), std::max(first.size(), last.size()));
  EXPECT_EQ(std::vector(summary.opNames.begin(), summary.opNames.begin() + first.size()), first);
  EXPECT_EQ(std::vector(summary.opNames.end() - last.size(), summary.opNames.end()), last);
}

TEST(PublishedModelsTest, EveryGPTIsThePublishedOne) {
  const char *variable = std::getenv("ACESO_SHARED_DIR");
  std::string path =
      std::string(variable ? variable : ACESO_SOURCE_DIR "/../shared") + "/data/golden/models.json";
  if (!std::filesystem::exists(path))
    GTEST_SKIP()
        << "no published models: set ACESO_SHARED_DIR, or put `shared` beside the checkout";
  json published = json::parse(std::ifstream(path))["models"];

  const std::pair<const char *, const char *> files[] = {{"350M", "gpt-350m.json"},
                                                         {"1_3B", "gpt-1.3b.json"},
                                                         {"2_6B", "gpt-2.6b.json"},
                                                         {"6_7B", "gpt-6.7b.json"},
                                                         {"13B", "gpt-13b.json"}};
  unsigned numTested = 0;
  for (const json &model : published) {
    if (model["model_name"] != "gpt")
      continue;
    std::string size = model["model_size"];
    SCOPED_TRACE(size);
    if (size.starts_with("scale-layer:")) {
      std::string layers = "n_layer=" + size.substr(size.find(':') + 1);
      ModelSummary summary = summarize("gpt-scale-layer.json", {layers});
      EXPECT_EQ(summary.size, "scale-layer");
      expectPublished(summary, model);
    } else {
      auto file = std::find_if(std::begin(files), std::end(files),
                               [&](const auto &entry) { return entry.first == size; });
      ASSERT_NE(file, std::end(files)) << "no file in models/ for this size";
      ModelSummary summary = summarize(file->second);
      EXPECT_EQ(summary.size, size);
      expectPublished(summary, model);
    }
    ++numTested;
  }
  EXPECT_EQ(numTested, 13u);
}

/// The same by the formula of the architecture, where nothing published is at hand.
TEST(PublishedModelsTest, CountsFollowFromTheSizes) {
  ModelSummary summary = summarize("gpt-scale-layer.json", {"n_layer=3"});
  int64_t h = 512, perLayer = 12 * h * h + 13 * h;
  EXPECT_EQ(summary.opNames.size(), 13u * 3 + 3);
  EXPECT_EQ(summary.numParameters, (51200 + 2048) * h + 3 * perLayer + 2 * h);
}

} // namespace
} // namespace aceso
