//===- TrainingTest.cpp - Data, memory, files, the loop -------------------===//

#include "ExampleProgram.h"
#include "FullDisk.h"
#include "TestFolder.h"

#include "aceso/Runtime/CountingAllocator.h"
#include "aceso/Runtime/Safetensors.h"
#include "aceso/Runtime/ThreadCommunicator.h"
#include "aceso/Runtime/Trainer.h"

#include <ATen/Functions.h>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

using namespace aceso;
using namespace aceso::test;
using testing::HasSubstr;
using testing::ThrowsMessage;

namespace {

class TrainingTest : public testing::Test {
protected:
  TrainingTest() { options.vocabulary = options.classes = 256; }

  TestFolder folder;
  ExampleOptions options;
};

std::string someText() {
  std::string text;
  for (int i = 0; i < 2000; ++i)
    text += "The quick brown fox jumps over the lazy dog. "[i * 7 % 45];
  return text;
}

} // namespace

//===----------------------------------------------------------------------===//
// Text
//===----------------------------------------------------------------------===//

TEST_F(TrainingTest, LabelsAreTheNextBytes) {
  std::string bytes;
  for (int i = 0; i < 256; ++i)
    bytes += static_cast<char>(i);
  Program program = exampleProgram(options);
  Result<TextData> data = TextData::open(folder.write("bytes", bytes), program);
  ASSERT_TRUE(data) << data.error();
  std::vector<at::Tensor> batch = data->batch(3, 7);
  ASSERT_EQ(batch.size(), 2u);
  EXPECT_EQ(batch[0].sizes().vec(), (std::vector<int64_t>{12, ExampleSizes::sequence}));
  EXPECT_EQ(batch[0].scalar_type(), at::kInt);
  // Each byte is one more than the one before it.
  EXPECT_TRUE(at::equal(batch[1], at::add(batch[0], 1)));
  EXPECT_GE(batch[0].min().item<int>(), 0);
  EXPECT_TRUE(at::equal(data->batch(3, 7)[0], batch[0]));
  EXPECT_FALSE(at::equal(data->batch(3, 8)[0], batch[0]));
  EXPECT_FALSE(at::equal(data->batch(4, 7)[0], batch[0]));
}

TEST_F(TrainingTest, ShortestTextHasOneSample) {
  Program program = exampleProgram(options);
  Result<TextData> data = TextData::open(folder.write("short", "abcdefg"), program);
  ASSERT_TRUE(data);
  EXPECT_EQ(data->batch(0, 0)[1][5][5].item<int>(), 'g');
  EXPECT_THAT(TextData::open(folder.write("shorter", "abcdef"), program).takeError().text,
              HasSubstr("shorter: has 6 bytes, but a sample takes 7; give a longer text"));
}

TEST_F(TrainingTest, WhatATextDoesNotGiveIsSaid) {
  Program program = exampleProgram(options);
  EXPECT_THAT(TextData::open(folder.file("none"), program).takeError().text,
              HasSubstr("none: cannot be read (No such file or directory)"));
  program.inputs[0].name = "pixels";
  EXPECT_THAT(TextData::open(folder.write("text", "abcdefgh"), program).takeError().text,
              HasSubstr("has an input 'pixels' that a text does not give"));
}

//===----------------------------------------------------------------------===//
// Safetensors
//===----------------------------------------------------------------------===//

TEST_F(TrainingTest, SafetensorsComeBack) {
  std::vector<SafetensorsEntry> entries;
  std::vector<at::Tensor> tensors;
  for (at::ScalarType type :
       {at::kHalf, at::kBFloat16, at::kFloat, at::kDouble, at::kInt, at::kLong}) {
    tensors.push_back(at::mul(at::rand({3, 5}), 100).to(type));
    entries.push_back({std::string("layers.0.") + c10::toString(type), type, {3, 5}});
  }
  tensors.push_back(at::full({}, 2.5));
  entries.push_back({"scalar", at::kFloat, {}});
  std::string file = folder.file("x.safetensors");
  SafetensorsWriter writer(file, entries, {{"steps", "3"}});
  for (const at::Tensor &tensor : tensors) {
    EXPECT_FALSE(std::filesystem::exists(file)) << "before it is complete";
    writer.write(tensor);
  }
  writer.finish();
  SafetensorsContent content = readSafetensors(file);
  EXPECT_EQ(content.metadata["steps"], "3");
  ASSERT_EQ(content.tensors.size(), tensors.size());
  for (size_t i = 0; i < tensors.size(); ++i)
    EXPECT_TRUE(at::equal(content.tensors[entries[i].name], tensors[i])) << entries[i].name;
  // The header ends at a multiple of eight, as other readers want it.
  std::ifstream in(file, std::ios::binary);
  uint64_t length = 0;
  in.read(reinterpret_cast<char *>(&length), sizeof(length));
  EXPECT_EQ(length % 8, 0u);
}

TEST_F(TrainingTest, DamagedSafetensorsAreRefused) {
  auto errorOf = [](const std::string &file) -> std::string {
    try {
      readSafetensors(file);
    } catch (const std::runtime_error &error) {
      return error.what();
    }
    return "";
  };
  std::string file = folder.file("x.safetensors");
  SafetensorsWriter writer(file, {{"w", at::kFloat, {4, 4}}});
  writer.write(at::zeros({4, 4}));
  writer.finish();
  std::ifstream in(file, std::ios::binary);
  std::string bytes((std::istreambuf_iterator<char>(in)), {});
  EXPECT_THAT(errorOf(folder.write("cut", bytes.substr(0, bytes.size() - 1))),
              HasSubstr("a tensor's type or place is impossible"));
  EXPECT_THAT(errorOf(folder.write("short", "abc")), HasSubstr("too short"));
  EXPECT_THAT(errorOf(folder.write("header", std::string(8, '\x7f') + "{}")),
              HasSubstr("its header is longer than the file"));
  std::string shape = bytes;
  shape.replace(shape.find("[4,4]"), 5, "[4,5]");
  EXPECT_THAT(errorOf(folder.write("shape", shape)), HasSubstr("does not fit its bytes"));
  EXPECT_THAT(errorOf(folder.file("none")), HasSubstr("cannot be read"));
}

TEST_F(TrainingTest, ParametersThatDoNotFitLeaveNothing) {
  auto save = [&] {
    SafetensorsWriter writer(folder.file("model.safetensors"),
                             {{"small", at::kFloat, {10}}, {"large", at::kFloat, {1000}}});
    writer.write(at::zeros({10}));
    writer.write(at::zeros({1000}));
    writer.finish();
  };
  {
    FullDisk disk(1000);
    EXPECT_THAT(save, ThrowsMessage<WriteFailure>(
                          HasSubstr("model.safetensors: cannot be written (File too large)")));
  }
  EXPECT_TRUE(folder.files().empty());
  save();
  EXPECT_EQ(folder.files(), std::vector<std::string>{"model.safetensors"});
}

//===----------------------------------------------------------------------===//
// Memory
//===----------------------------------------------------------------------===//

TEST(CountingAllocatorTest, CountsTheBytesOfTensors) {
  installCountingAllocator();
  int64_t before = currentTensorBytes();
  {
    at::Tensor a = at::empty({1000}, at::kFloat);
    EXPECT_EQ(currentTensorBytes() - before, 4000);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(a.data_ptr()) % 64, 0u);
    resetPeakTensorBytes();
    at::empty({500}, at::kDouble);
    EXPECT_EQ(peakTensorBytes() - before, 8000);
    at::Tensor nothing = at::empty({0}, at::kFloat);
    at::Tensor grown = at::empty({10}, at::kFloat);
    grown.resize_({20});
    EXPECT_EQ(currentTensorBytes() - before, 4080);
  }
  EXPECT_EQ(currentTensorBytes(), before);
  resetPeakTensorBytes();
  EXPECT_EQ(peakTensorBytes(), before);
}

TEST(CountingAllocatorTest, AccountsTellApartWhoAsked) {
  installCountingAllocator();
  TensorAccount &rank = TensorAccount::open(), &op = TensorAccount::open(&rank);
  int64_t before = currentTensorBytes();
  at::Tensor own, other, foreign;
  std::thread thread([&] {
    chargeTensors(ChargeScope::Thread, &op);
    own = at::empty({100}, at::kFloat);
    at::empty({50}, at::kFloat);
    chargeTensors(ChargeScope::Thread, &rank);
    other = at::empty({10}, at::kFloat);
  });
  thread.join();
  foreign = at::empty({7}, at::kFloat);
  EXPECT_EQ(op.current(), 400);
  EXPECT_EQ(op.peak(), 600);
  EXPECT_EQ(rank.current(), 440);
  EXPECT_EQ(currentTensorBytes() - before, 468);
  // Paid back to the one that was charged, whoever frees it.
  own.reset();
  EXPECT_EQ(op.current(), 0);
  EXPECT_EQ(rank.current(), 40);
  rank.resetPeak();
  EXPECT_EQ(rank.peak(), 40);
  {
    TensorCharge everybody(ChargeScope::Process, &rank);
    std::thread([&] {
      TensorCharge thread(ChargeScope::Thread, &op);
      {
        TensorCharge nobody(ChargeScope::Thread, nullptr);
        foreign = at::empty({9}, at::kFloat);
      }
      other = at::empty({3}, at::kFloat);
    }).join();
  }
  EXPECT_EQ(rank.current(), 36 + 12);
  EXPECT_EQ(op.current(), 12) << "charged again after the inner charge has ended";
  at::Tensor unwatched = at::empty({5}, at::kFloat);
  EXPECT_EQ(rank.current(), 36 + 12);
}

//===----------------------------------------------------------------------===//
// The loop
//===----------------------------------------------------------------------===//

TEST_F(TrainingTest, LossFallsAndIsWritten) {
  options.dropout = 0;
  Program program = exampleProgram(options);
  Result<TextData> data = TextData::open(folder.write("text", someText()), program);
  ASSERT_TRUE(data);
  TrainingOptions training;
  training.numSteps = 40;
  training.learningRate = 0.05;
  training.logInterval = 10;
  training.metricsFile = folder.file("metrics.jsonl");
  training.saveFolder = folder.file("deep/model");
  std::ostringstream progress;
  auto failure = runAsThreads(createThreadCommunicators(4), [&](Communicator &c) {
    train(program, c, &*data, training, progress);
  });
  ASSERT_FALSE(failure) << failure->reason;
  std::ifstream in(training.metricsFile);
  std::vector<double> losses;
  for (std::string line; std::getline(in, line);) {
    auto json = nlohmann::json::parse(line);
    EXPECT_EQ(json["step"], losses.size() + 1);
    EXPECT_GT(json["grad_norm"], 0);
    EXPECT_GT(json["iteration_ms"], 0);
    EXPECT_GT(json["samples_per_s"], 0);
    EXPECT_TRUE(json["peak_mb"].is_null()) << "nobody said whose tensors are a rank's";
    losses.push_back(json["loss"]);
  }
  ASSERT_EQ(losses.size(), 40u);
  EXPECT_GT(losses.front(), 5) << "about log 256";
  EXPECT_LT(losses.back(), losses.front() - 1);
  EXPECT_THAT(progress.str(), HasSubstr("step 1/40  loss "));
  EXPECT_THAT(progress.str(), HasSubstr("step 20/40  loss "));
  EXPECT_THAT(progress.str(), HasSubstr("0:00 left\n"));
  EXPECT_EQ(progress.str().find("step 11/40"), std::string::npos);
  SafetensorsContent saved = readSafetensors(training.saveFolder + "/model.safetensors");
  EXPECT_EQ(saved.metadata["plan_hash"], program.planHash);
  EXPECT_EQ(saved.tensors.size(), program.parameters.size());
  for (const ProgramParameter &parameter : program.parameters)
    EXPECT_EQ(saved.tensors[parameter.path].sizes().vec(), parameter.shape);
}

TEST_F(TrainingTest, NoStepSavesTheInitialParameters) {
  Program program = exampleProgram(options);
  TrainingOptions training;
  training.saveFolder = folder.path;
  std::ostringstream progress;
  auto failure = runAsThreads(createThreadCommunicators(4), [&](Communicator &c) {
    train(program, c, nullptr, training, progress);
  });
  ASSERT_FALSE(failure) << failure->reason;
  SafetensorsContent saved = readSafetensors(folder.file("model.safetensors"));
  EXPECT_TRUE(at::equal(saved.tensors["fc1.bias"], at::zeros({ExampleSizes::features})));
  EXPECT_NEAR(saved.tensors["head.weight"].std().item<double>(), 0.5, 0.05);
}

TEST_F(TrainingTest, FilesThatCannotBeWrittenAreNamed) {
  Program program = exampleProgram(options);
  auto failureOf = [&](const TrainingOptions &training) {
    std::ostringstream progress;
    auto failure = runAsThreads(createThreadCommunicators(4), [&](Communicator &c) {
      train(program, c, nullptr, training, progress);
    });
    return failure ? failure->reason : "";
  };
  TrainingOptions training;
  training.metricsFile = folder.file("no/folder/metrics.jsonl");
  EXPECT_THAT(failureOf(training), HasSubstr("no/folder/metrics.jsonl: cannot be written"));
  training.metricsFile = "";
  training.saveFolder = folder.write("file", "") + "/folder";
  EXPECT_THAT(failureOf(training), HasSubstr("file/folder: cannot be made (Not a directory)"));
}

TEST(TrainerTest, DurationsAreReadable) {
  EXPECT_EQ(formatDuration(0), "0:00");
  EXPECT_EQ(formatDuration(65.4), "1:05");
  EXPECT_EQ(formatDuration(3599.6), "1:00:00");
  EXPECT_EQ(formatDuration(-1), "0:00");
}
