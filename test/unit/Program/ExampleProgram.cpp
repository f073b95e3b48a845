//===- ExampleProgram.cpp - A small model lowered by hand -----------------===//

#include "ExampleProgram.h"

#include "ProgramBuilder.h"

#include "aceso/Program/KernelLetters.h"

namespace aceso::test {

namespace {

using Sizes = ExampleSizes;

class Example {
public:
  explicit Example(const ExampleOptions &options) : options(options) {
    type = options.modelType;
    statisticsType = type == ElementType::F64 ? ElementType::F64 : ElementType::F32;
    hidden = {Sizes::sequence, Sizes::batch, Sizes::hidden};
    features = {Sizes::sequence, Sizes::batch, Sizes::features};
    logits = {Sizes::sequence, Sizes::batch, options.vocabulary};
    tokens = {Sizes::sequence, Sizes::batch};
  }

  Program build() {
    header();
    slots();
    read();
    forward();
    backward();
    update();
    schedule();
    return std::move(program);
  }

private:
  using S = SegmentBuilder;

  void header() {
    program.name = "example";
    program.planHash = "0123456789abcdef";
    program.microBatch = Sizes::batch;
    program.globalBatch = Sizes::batch * options.numMicroBatches;
    program.devicesPerNode = 4;
    program.optimizer = options.optimizer;
    program.inputs = {{"ids", ElementType::I32, {Sizes::batch, Sizes::sequence}, 0},
                      {"labels", ElementType::I32, {Sizes::batch, Sizes::sequence}, 0, true}};
    program.parameters = {
        {"embedding.word", type, {options.vocabulary, Sizes::hidden}, InitKind::Normal, 0.5, false},
        {"embedding.position",
         type,
         {Sizes::positions, Sizes::hidden},
         InitKind::Normal,
         0.5,
         false},
        {"fc1.weight", type, {Sizes::features, Sizes::hidden}, InitKind::Normal, 0.5, false},
        {"fc1.bias", type, {Sizes::features}, InitKind::Zeros, 0, true},
        {"head.weight", type, {options.vocabulary, Sizes::features}, InitKind::Normal, 0.5, false}};
    program.stages.resize(2);
    program.stages[0].mesh = program.stages[1].mesh = {2};
    program.stages[1].firstRank = 2;
  }

  Index addSlot(uint32_t stage, const std::string &name, SlotRole role, TensorDesc desc,
                Index parameter = 0, uint32_t depth = 1) {
    program.stages[stage].slots.push_back({name, role, std::move(desc), depth, parameter});
    return program.stages[stage].slots.size() - 1;
  }

  struct Home {
    Index parameter, home, weight, gradient, moment1, moment2;
  };

  /// Slots of a parameter on its stage.
  Home addParameter(uint32_t stage, Index parameter, Layout home, Layout used, Layout gradient) {
    const ProgramParameter &p = program.parameters[parameter];
    Home slots{};
    slots.parameter = parameter;
    TensorDesc atHome = tensor(options.homeType, p.shape, home);
    slots.home = addSlot(stage, p.path, SlotRole::Parameter, atHome, parameter);
    slots.weight = addSlot(stage, p.path + ".weight", SlotRole::Weight, tensor(type, p.shape, used),
                           parameter);
    slots.gradient = addSlot(stage, p.path + ".gradient", SlotRole::Gradient,
                             tensor(type, p.shape, gradient), parameter);
    if (options.optimizer.kind == OptimizerKind::AdamW || options.optimizer.momentum != 0)
      slots.moment1 = addSlot(stage, p.path + ".m", SlotRole::Moment1, atHome, parameter);
    if (options.optimizer.kind == OptimizerKind::AdamW)
      slots.moment2 = addSlot(stage, p.path + ".v", SlotRole::Moment2, atHome, parameter);
    return slots;
  }

  void slots() {
    Layout rows = split({{0}, {}}), whole = split({{}, {}});
    table = addParameter(0, Table, rows, rows, rows);
    // Added where the vocabulary is summed: by one of its ranks only.
    positions = addParameter(0, Positions, whole, split({{}, {}}, {0}), whole);
    fc1Weight = addParameter(0, Fc1Weight, rows, rows, rows);
    fc1Bias = addParameter(0, Fc1Bias, split({{0}}), split({{0}}), split({{0}}));
    headWeight = addParameter(1, HeadWeight, rows, whole, split({{}, {}}, {0}));

    TensorDesc x = tensor(type, hidden), y = tensor(type, features, split({{}, {}, {0}}));
    dropped = addSlot(0, "dropped", SlotRole::Activation, x, 0, 2);
    linear = addSlot(0, "linear", SlotRole::Activation, y, 0, 2);
    Layout byBatch = split({{}, {0}, {}});
    received = addSlot(1, "received", SlotRole::Activation, tensor(type, features, byBatch));
    scores = addSlot(1, "logits", SlotRole::Activation, tensor(type, logits, byBatch));
    TensorDesc perToken = tensor(statisticsType, tokens, split({{}, {0}}));
    maxima = addSlot(1, "max", SlotRole::Activation, perToken);
    sums = addSlot(1, "sum", SlotRole::Activation, perToken);
    loss = addSlot(1, "loss", SlotRole::Metric, tensor(statisticsType, {}, split({}, {0})));
  }

  void readParameter(S &segment, const Home &slots) {
    Index value = segment.load(slots.home);
    if (options.homeType != type) {
      TensorDesc desc = segment.desc(value);
      desc.type = type;
      std::string letters = elementwiseLetters({desc.layout.rank()}, {desc.layout.rank()});
      value = segment.kernel("exec.cast", pathOf(slots), letters, {value}, {desc})[0];
    }
    const Slot &weight = program.stages[segment.stage()].slots[slots.weight];
    segment.store(slots.weight, segment.convert(value, weight.tensor.layout));
  }

  std::string pathOf(const Home &slots) const { return program.parameters[slots.parameter].path; }

  void read() {
    S first(program, 0, SegmentKind::Read);
    for (const Home *slots : {&table, &positions, &fc1Weight, &fc1Bias})
      readParameter(first, *slots);
    first.finish();
    S second(program, 1, SegmentKind::Read);
    readParameter(second, headWeight);
    second.finish();
  }

  void forward() {
    S first(program, 0, SegmentKind::Forward), second(program, 1, SegmentKind::Forward);
    Index ids = first.input(0, split({{}, {}}));
    Index x = first.kernel("nn.lookup", "embedding", "b s, v h, +p h -> s b h",
                           {ids, first.load(table.weight), first.load(positions.weight)},
                           {tensor(type, hidden, split({{}, {}, {}}, {0}))}, {}, "ps")[0];
    x = first.convert(x, split({{}, {}, {}}));
    x = first.kernel("nn.dropout", "embedding", "s b h -> s b h", {x}, {tensor(type, hidden)},
                     {{"p", options.dropout}})[0];
    first.store(dropped, x);
    TensorDesc column = tensor(type, features, split({{}, {}, {0}}));
    Index y = first.kernel("nn.linear", "fc1", "s b k, o k -> s b o",
                           {x, first.load(fc1Weight.weight)}, {column})[0];
    first.store(linear, y);
    Index z = first.kernel("nn.gelu", "gelu", "s b f, f -> s b f", {y, first.load(fc1Bias.weight)},
                           {column})[0];
    z = S::transfer(first, z, second, split({{}, {0}, {}}), "gelu");
    second.store(received, z);
    TensorDesc perToken = tensor(statisticsType, tokens, split({{}, {0}}));
    Index scored = second.kernel("nn.linear", "head", "s b k, o k -> s b o",
                                 {z, second.load(headWeight.weight)},
                                 {tensor(type, logits, split({{}, {0}, {}}))})[0];
    second.store(scores, scored);
    AttributeMap classes = {{"num_classes", options.classes}};
    Index max =
        second.kernel("nn.class_max", "head", "s b v -> max:s b", {scored}, {perToken}, classes)[0];
    second.store(maxima, max);
    Index labels = second.input(1, split({{0}, {}}));
    std::vector<Index> both = second.kernel("nn.class_sums", "head", "s b v, s b, b s -> s b, s b",
                                            {scored, max, labels}, {perToken, perToken}, classes);
    second.store(sums, both[0]);
    Index value =
        second.kernel("nn.token_loss", "head", "s b, s b, b s -> ()", {both[0], both[1], labels},
                      {tensor(statisticsType, {}, split({}, {0}))})[0];
    second.accumulate(loss, value);
    first.finish();
    second.finish();
  }

  Index loadLast(S &segment, Index slot) {
    Index value = segment.load(slot);
    segment.releaseSlot(slot);
    return value;
  }

  void backward() {
    S first(program, 0, SegmentKind::Backward), second(program, 1, SegmentKind::Backward);
    Index seed =
        second.kernel("exec.loss_seed", "head", "-> ()", {}, {tensor(statisticsType, {})})[0];
    Index labels = second.input(1, split({{0}, {}}));
    Index scored = loadLast(second, scores), max = loadLast(second, maxima);
    Index sum = loadLast(second, sums);
    Index dScores = second.kernel(
        "nn.cross_entropy_grad", "head", "s b v, s b, s b, b s, () -> s b v",
        {scored, max, sum, labels, seed}, {tensor(type, logits, split({{}, {0}, {}}))},
        {{"num_classes", options.classes}})[0];
    Index z = loadLast(second, received);
    second.accumulate(headWeight.gradient,
                      second.kernel("nn.einsum", "head", "s b o, s b k -> o k", {dScores, z},
                                    {tensor(type, {options.vocabulary, Sizes::features},
                                            split({{}, {}}, {0}))})[0]);
    Index dz = second.kernel("nn.einsum", "head", "s b o, o k -> s b k",
                             {dScores, second.load(headWeight.weight)},
                             {tensor(type, features, split({{}, {0}, {}}))})[0];
    dz = S::transfer(second, dz, first, split({{}, {}, {0}}), "gelu gradient");
    TensorDesc column = tensor(type, features, split({{}, {}, {0}}));
    Index dy = first.kernel("nn.gelu_grad", "gelu", "s b f, f, s b f -> s b f",
                            {loadLast(first, linear), first.load(fc1Bias.weight), dz}, {column})[0];
    first.accumulate(fc1Bias.gradient,
                     first.kernel("nn.einsum", "gelu", "s b f -> f", {dy},
                                  {tensor(type, {Sizes::features}, split({{0}}))})[0]);
    first.accumulate(
        fc1Weight.gradient,
        first.kernel("nn.einsum", "fc1", "s b o, s b k -> o k", {dy, loadLast(first, dropped)},
                     {tensor(type, {Sizes::features, Sizes::hidden}, split({{0}, {}}))})[0]);
    Index dx =
        first.kernel("nn.einsum", "fc1", "s b o, o k -> s b k", {dy, first.load(fc1Weight.weight)},
                     {tensor(type, hidden, split({{}, {}, {}}, {0}))})[0];
    dx = first.convert(dx, split({{}, {}, {}}));
    dx = first.kernel("nn.dropout", "embedding", "s b h -> s b h", {dx}, {tensor(type, hidden)},
                      {{"p", options.dropout}})[0];
    first.accumulate(
        table.gradient,
        first.kernel("nn.lookup_grad", "embedding", "b s, s b h -> v h",
                     {first.input(0, split({{}, {}})), dx},
                     {tensor(type, {options.vocabulary, Sizes::hidden}, split({{0}, {}}))}, {},
                     "s")[0]);
    first.accumulate(positions.gradient,
                     first.kernel("nn.position_grad", "embedding", "s b h -> p h", {dx},
                                  {tensor(type, {Sizes::positions, Sizes::hidden})}, {}, "ps")[0]);
    first.finish();
    second.finish();
  }

  /// The gradient at home and the sum of its squares, pending over the digit.
  std::pair<Index, Index> gradientAtHome(S &segment, const Home &slots) {
    const Slot &home = program.stages[segment.stage()].slots[slots.home];
    Index gradient = segment.convert(loadLast(segment, slots.gradient), home.tensor.layout);
    unsigned rank = home.tensor.layout.rank();
    if (options.homeType != type) {
      TensorDesc desc = segment.desc(gradient);
      desc.type = options.homeType;
      gradient = segment.kernel("exec.cast", pathOf(slots), elementwiseLetters({rank}, {rank}),
                                {gradient}, {desc})[0];
    }
    bool isSplit = !segment.desc(gradient).layout.idleDigits(Mesh({2})).size();
    DigitList pending;
    if (isSplit)
      pending = {0};
    Index squares =
        segment.kernel("exec.square_sum", pathOf(slots), elementwiseLetters({rank}, {0}),
                       {gradient}, {tensor(statisticsType, {}, split({}, pending))})[0];
    return {gradient, segment.convert(squares, split({}, {0}))};
  }

  void step(S &segment, const Home &slots, Index gradient, Index coefficient) {
    const ProgramParameter &parameter = program.parameters[slots.parameter];
    const OptimizerSettings &optimizer = options.optimizer;
    TensorDesc desc = program.stages[segment.stage()].slots[slots.home].tensor;
    unsigned rank = desc.layout.rank();
    double decay = parameter.noDecay ? 0.0 : optimizer.weightDecay;
    Index home = segment.load(slots.home);
    if (optimizer.kind == OptimizerKind::AdamW) {
      std::vector<Index> results = segment.kernel(
          "exec.adamw", parameter.path,
          elementwiseLetters({rank, rank, rank, rank, 0}, {rank, rank, rank}),
          {home, gradient, segment.load(slots.moment1), segment.load(slots.moment2), coefficient},
          {desc, desc, desc},
          {{"beta1", optimizer.beta1},
           {"beta2", optimizer.beta2},
           {"epsilon", optimizer.epsilon},
           {"weight_decay", decay}});
      segment.store(slots.home, results[0]);
      segment.store(slots.moment1, results[1]);
      segment.store(slots.moment2, results[2]);
    } else if (optimizer.momentum != 0) {
      std::vector<Index> results =
          segment.kernel("exec.sgd_momentum", parameter.path,
                         elementwiseLetters({rank, rank, rank, 0}, {rank, rank}),
                         {home, gradient, segment.load(slots.moment1), coefficient}, {desc, desc},
                         {{"momentum", optimizer.momentum}, {"weight_decay", decay}});
      segment.store(slots.home, results[0]);
      segment.store(slots.moment1, results[1]);
    } else {
      segment.store(slots.home, segment.kernel("exec.sgd", parameter.path,
                                               elementwiseLetters({rank, rank, 0}, {rank}),
                                               {home, gradient, coefficient}, {desc},
                                               {{"weight_decay", decay}})[0]);
    }
    segment.releaseSlot(slots.weight);
  }

  void updateStage(uint32_t stage, const std::vector<Home> &parameters) {
    S segment(program, stage, SegmentKind::Update);
    TensorDesc pendingScalar = tensor(statisticsType, {}, split({}, {0}));
    Index lossSum = stage == 1 ? loadLast(segment, loss)
                               : segment.convert(segment.kernel("exec.zero", "", "-> ()", {},
                                                                {tensor(statisticsType, {})})[0],
                                                 split({}, {0}));
    segment.report("loss", segment.worldSum(lossSum));
    std::vector<Index> gradients, squares;
    for (const Home &slots : parameters) {
      auto [gradient, square] = gradientAtHome(segment, slots);
      gradients.push_back(gradient);
      squares.push_back(square);
    }
    Index square = segment.kernel("nn.sum", "", "", squares, {pendingScalar})[0];
    TensorDesc scalar = tensor(statisticsType, {});
    std::vector<Index> clip =
        segment.kernel("exec.clip_coefficient", "", "() -> (), ()", {segment.worldSum(square)},
                       {scalar, scalar}, {{"max_norm", options.optimizer.clipGradNorm}});
    segment.report("grad_norm", clip[0]);
    for (size_t i = 0; i < parameters.size(); ++i)
      step(segment, parameters[i], gradients[i], clip[1]);
    segment.finish();
  }

  void update() {
    updateStage(0, {table, positions, fc1Weight, fc1Bias});
    updateStage(1, {headWeight});
  }

  void schedule() {
    // Segments of each stage: read, forward, backward, update.
    int64_t count = options.numMicroBatches;
    program.stages[0].schedule = {run(0), run(1), repeat(count - 1, {run(1), run(2)}), run(2),
                                  run(3)};
    program.stages[1].schedule = {run(0), repeat(count, {run(1), run(2)}), run(3)};
  }

  const ExampleOptions &options;
  Program program;
  ElementType type, statisticsType;
  std::vector<int64_t> hidden, features, logits, tokens;
  Home table, positions, fc1Weight, fc1Bias, headWeight;
  Index dropped, linear, received, scores, maxima, sums, loss;
};

} // namespace

Program exampleProgram(const ExampleOptions &options) { return Example(options).build(); }

} // namespace aceso::test
