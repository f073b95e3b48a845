//===- ExampleProfileSet.cpp - Programs to measure, by hand ---------------===//

#include "ExampleProfileSet.h"

#include "ProgramBuilder.h"

#include "aceso/Program/KernelLetters.h"

namespace aceso::test {

namespace {

using S = SegmentBuilder;
constexpr ElementType type = ElementType::F32;

class MlpProgram {
public:
  MlpProgram(const ExampleMlp &mlp, int64_t devices, int64_t samples, bool isSplit)
      : mlp(mlp), batch(samples * (isSplit ? 1 : devices)), isSplit(isSplit) {
    program.name = "mlp";
    program.planHash = "0123456789abcdef";
    program.microBatch = batch;
    program.globalBatch = 4 * batch;
    program.devicesPerNode = devices;
    program.optimizer.kind = OptimizerKind::SGD;
    program.inputs = {{"x", type, {batch, mlp.inner}, 0},
                      {"cotangent", type, {batch, mlp.inner}, 0}};
    program.stages.resize(1);
    program.stages[0].mesh = {devices};
    (isSplit ? hiddenOver : samplesOver) = {0};
  }

  Program build() {
    up = addParameter("up", {mlp.hidden, mlp.inner}, split({hiddenOver, {}}));
    down = addParameter("down", {mlp.inner, mlp.hidden}, split({{}, hiddenOver}));
    Layout whole = split({samplesOver, {}});
    kept = addSlot("x", SlotRole::Activation, tensor(type, {batch, mlp.inner}, whole));
    if (mlp.keepsBetween)
      between = addSlot("between", SlotRole::Activation,
                        tensor(type, {batch, mlp.hidden}, split({samplesOver, hiddenOver})));
    loss = addSlot("loss", SlotRole::Metric, tensor(type, {}, split({}, samplesOver)));
    read();
    forward();
    backward();
    update();
    program.stages[0].schedule = {run(0), repeat(4, {run(1), run(2)}), run(3)};
    return std::move(program);
  }

private:
  struct Home {
    Index parameter, home, weight, gradient;
  };

  Index addSlot(const std::string &name, SlotRole role, TensorDesc desc, Index parameter = 0) {
    program.stages[0].slots.push_back({name, role, std::move(desc), 1, parameter});
    return program.stages[0].slots.size() - 1;
  }

  Home addParameter(const std::string &path, std::vector<int64_t> shape, const Layout &layout) {
    Index index = program.parameters.size();
    program.parameters.push_back({path, type, shape, InitKind::Normal, 0.1, false});
    Layout pending = layout;
    pending.pending = samplesOver;
    return {index, addSlot(path, SlotRole::Parameter, tensor(type, shape, layout), index),
            addSlot(path + ".weight", SlotRole::Weight, tensor(type, shape, layout), index),
            addSlot(path + ".gradient", SlotRole::Gradient, tensor(type, shape, pending), index)};
  }

  void read() {
    S segment(program, 0, SegmentKind::Read);
    for (const Home *home : {&up, &down})
      segment.store(home->weight, segment.load(home->home));
    segment.finish();
  }

  TensorDesc narrow(bool pends) const {
    return tensor(type, {batch, mlp.inner},
                  split({samplesOver, {}}, pends ? hiddenOver : DigitList{}));
  }
  TensorDesc wide() const {
    return tensor(type, {batch, mlp.hidden}, split({samplesOver, hiddenOver}));
  }

  Index firstLayer(S &segment, Index x) {
    return segment.kernel("nn.linear", "mlp", "b k, o k -> b o", {x, segment.load(up.weight)},
                          {wide()})[0];
  }

  void forward() {
    S segment(program, 0, SegmentKind::Forward);
    Index x = segment.input(0, split({samplesOver, {}}));
    segment.store(kept, x);
    Index t = firstLayer(segment, x);
    if (mlp.keepsBetween)
      segment.store(between, t);
    Index y = segment.kernel("nn.linear", "mlp", "b k, o k -> b o", {t, segment.load(down.weight)},
                             {narrow(true)})[0];
    y = segment.convert(y, split({samplesOver, {}}));
    Index cotangent = segment.input(1, split({samplesOver, {}}));
    Index value = segment.kernel("nn.einsum", "probe", "b o, b o -> ()", {y, cotangent},
                                 {tensor(type, {}, split({}, samplesOver))})[0];
    segment.accumulate(loss, value);
    segment.finish();
  }

  Index loadLast(S &segment, Index slot) {
    Index value = segment.load(slot);
    segment.releaseSlot(slot);
    return value;
  }

  Index weightGradient(S &segment, const Home &home, Index left, Index right) {
    TensorDesc desc = program.stages[0].slots[home.gradient].tensor;
    return segment.kernel("nn.einsum", "mlp", "b o, b k -> o k", {left, right}, {desc})[0];
  }

  void backward() {
    S segment(program, 0, SegmentKind::Backward);
    Index dy = segment.input(1, split({samplesOver, {}}));
    Index x = loadLast(segment, kept);
    Index t = mlp.keepsBetween ? loadLast(segment, between) : firstLayer(segment, x);
    Index dt = segment.kernel("nn.einsum", "mlp", "b o, o k -> b k",
                              {dy, segment.load(down.weight)}, {wide()})[0];
    accumulate(segment, down, weightGradient(segment, down, dy, t));
    accumulate(segment, up, weightGradient(segment, up, dt, x));
    Index dx = segment.kernel("nn.einsum", "mlp", "b o, o k -> b k", {dt, segment.load(up.weight)},
                              {narrow(true)})[0];
    segment.convert(dx, split({samplesOver, {}}));
    segment.finish();
  }

  /// The sum belongs to the op.
  void accumulate(S &segment, const Home &home, Index value) {
    segment.accumulate(home.gradient, value, "mlp");
  }

  void update() {
    S segment(program, 0, SegmentKind::Update);
    TensorDesc pending = tensor(type, {}, split({}, {0}));
    Index lossSum = segment.convert(loadLast(segment, loss), pending.layout);
    segment.report("loss", segment.worldSum(lossSum));
    for (const Home *home : {&up, &down}) {
      const TensorDesc &desc = program.stages[0].slots[home->home].tensor;
      Index gradient = segment.convert(loadLast(segment, home->gradient), desc.layout);
      segment.store(home->home, segment.kernel("exec.sgd", program.parameters[home->parameter].path,
                                               elementwiseLetters({2, 2}, {2}),
                                               {segment.load(home->home), gradient}, {desc},
                                               {{"weight_decay", 0.0}})[0]);
      segment.releaseSlot(home->weight);
    }
    segment.finish();
  }

  const ExampleMlp &mlp;
  int64_t batch;
  bool isSplit;
  DigitList samplesOver, hiddenOver;
  Program program;
  Home up, down;
  Index kept = 0, between = 0, loss = 0;
};

} // namespace

ProfileSet exampleProfileSet(int64_t devices, const ExampleMlp &mlp) {
  ProfileSet set;
  set.model = "example";
  set.tablePrefix = "example_mlp";
  set.devices = devices;
  for (int64_t samples : {1, 2})
    for (int64_t tp : {int64_t(1), devices}) {
      ProfileEntry entry;
      entry.key = {"mlp", samples, tp, 0};
      entry.path = "mlp";
      entry.inputBytes = entry.outputBytes = 4 * samples * mlp.inner;
      entry.weightBytes = 8 * mlp.inner * mlp.hidden / tp;
      entry.inputBounds = {0, 0};
      entry.program = MlpProgram(mlp, devices, samples, tp > 1).build();
      set.entries.push_back(entry);
      if (tp > 1)
        continue;
      entry.key.rule = 1;
      entry.sameAs = set.entries.size() - 1;
      entry.program = {};
      entry.inputBounds = {};
      set.entries.push_back(entry);
    }
  return set;
}

} // namespace aceso::test
