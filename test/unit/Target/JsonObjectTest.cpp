//===- JsonObjectTest.cpp - Members, their places, near words -------------===//

#include "aceso/Target/JsonObject.h"

#include "mlir/IR/Location.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

using namespace mlir;

namespace aceso {
namespace {

class JsonObjectTest : public testing::Test {
protected:
  /// "line:column: message" of every error so far.
  std::vector<std::string> errors;
  MLIRContext context;
  ScopedDiagnosticHandler handler{&context, [this](Diagnostic &diagnostic) {
                                    auto loc = cast<FileLineColLoc>(diagnostic.getLocation());
                                    errors.push_back(std::to_string(loc.getLine()) + ":" +
                                                     std::to_string(loc.getColumn()) + ": " +
                                                     diagnostic.str());
                                    return success();
                                  }};
};

TEST_F(JsonObjectTest, KeepsOrderAndPlaces) {
  auto object = JsonObject::parse(
      "f.json", "{\"b\": {\"a\": 1,\n \"b\": [2]},\n\n  \"a\" : 0.5, \"é\": null}", &context);
  ASSERT_TRUE(object);
  ASSERT_EQ(object->getMembers().size(), 3u);
  const JsonObject::Member &b = object->getMembers()[0], &a = object->getMembers()[1],
                           &e = object->getMembers()[2];
  EXPECT_EQ(b.key, "b");
  EXPECT_EQ(b.value, (nlohmann::json{{"a", 1}, {"b", {2}}}));
  EXPECT_EQ(std::pair(b.line, b.column), std::pair(1u, 2u));
  EXPECT_EQ(a.key, "a");
  EXPECT_EQ(a.value, 0.5);
  EXPECT_EQ(std::pair(a.line, a.column), std::pair(4u, 3u));
  EXPECT_EQ(e.key, "é");
  EXPECT_TRUE(e.value.is_null());
  EXPECT_EQ(std::pair(e.line, e.column), std::pair(4u, 14u));
  EXPECT_EQ(object->find("a"), &a);
  EXPECT_EQ(object->find("c"), nullptr);
  EXPECT_TRUE(errors.empty());
}

TEST_F(JsonObjectTest, ErrorsStandWhereTheMemberStands) {
  auto object = JsonObject::parse("f.json", "{\n \"a\": 1}", &context);
  ASSERT_TRUE(object);
  (void)object->emitError(object->getMembers()[0]);
  object->set("a", 2, "--set=a=2");
  object->set("b", 3, "--set=b=3");
  (void)object->emitError(*object->find("a"));
  (void)object->emitError(*object->find("b"));
  object->emitError() << "lacks all";
  EXPECT_EQ(errors, (std::vector<std::string>{"2:2: \"a\" ", "2:2: \"a\" (from --set=a=2) ",
                                              "1:1: \"b\" (from --set=b=3) ", "1:1: lacks all"}));
  EXPECT_EQ(object->find("a")->value, 2);
}

TEST_F(JsonObjectTest, TextThatIsNoObjectIsAnErrorWithItsPlace) {
  auto errorOf = [&](StringRef text) {
    errors.clear();
    EXPECT_FALSE(JsonObject::parse("f.json", text, &context));
    EXPECT_EQ(errors.size(), 1u);
    return errors.empty() ? std::string() : errors.front();
  };
  EXPECT_EQ(errorOf("[]"), "1:1: holds array, but must hold one JSON object");
  EXPECT_EQ(errorOf("{\"a\": 1,\n \"a\": 2}"), "2:2: \"a\" stands twice");
  EXPECT_THAT(errorOf("{\"a\": 1,\n  x}"), testing::StartsWith("2:3: is no JSON: syntax error"));
  EXPECT_THAT(errorOf("{\"a\": 1} 2"), testing::StartsWith("1:10: is no JSON: "));
  EXPECT_THAT(errorOf("{\"a\": \"\xff\"}"), testing::StartsWith("1:8: is no JSON: "));
  EXPECT_THAT(errorOf(""), testing::StartsWith("1:1: is no JSON: "));
  EXPECT_THAT(errorOf("{\"a\": 1e999}"), testing::StartsWith("1:12: cannot be read as JSON: "));
}

TEST_F(JsonObjectTest, AKeyMayStandTwiceInDifferentObjects) {
  EXPECT_TRUE(
      JsonObject::parse("f.json", "{\"a\": {\"a\": [{\"a\": 1}]}, \"b\": {\"a\": 1}}", &context));
  EXPECT_TRUE(errors.empty());
}

TEST(NearestWordTest, CountsEdits) {
  EXPECT_EQ(nearestWord("n_layers", {"n_head", "n_layer", "layer"}), "n_layer");
  EXPECT_EQ(nearestWord("vocabsize", {"n_embd", "vocab_size"}), "vocab_size");
  EXPECT_EQ(nearestWord("ab", {"a", "b"}), "a");
  EXPECT_EQ(nearestWord("ab", {}), "");
}

} // namespace
} // namespace aceso
