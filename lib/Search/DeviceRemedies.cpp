//===- DeviceRemedies.cpp - Devices from and to other stages ----*- C++ -*-===//

#include "Partitioner.h"
#include "Remedies.h"

#include <algorithm>

using namespace aceso;

namespace {

/// The bottleneck doubles its devices along one axis and others give them (the paper's inc_tp,
/// inc_dp), or it halves them and others take them (dec_tp, dec_dp).
class DevicesRemedy final : public Remedy {
public:
  DevicesRemedy(bool gains, DeviceAxis axis) : gains(gains), axis(axis) {}
  std::string_view getName() const override {
    if (gains)
      return axis == DeviceAxis::Tp ? "gain-devices-tp" : "gain-devices-dp";
    return axis == DeviceAxis::Tp ? "give-devices-tp" : "give-devices-dp";
  }
  StageEffect getEffect() const override {
    StageEffect effect;
    effect.time = effect.memory = gains ? Change::Less : Change::More;
    effect.devices = effect.communication = gains ? Change::More : Change::Less;
    effect.efficiency = gains ? Change::Less : Change::More;
    return effect;
  }
  void propose(const Patient &patient, std::vector<Candidate> &candidates) const override;

private:
  /// Another stage that changes its devices.
  struct Partner {
    uint32_t stage;
    DeviceAxis axis;
    uint32_t devices; ///< that it gives or takes
    PatternId pattern;
    double ms;
  };
  std::vector<Partner> partners(const Patient &patient) const;

  bool gains;
  DeviceAxis axis;
};

} // namespace

static DegreeChange along(DeviceAxis axis, bool doubles) {
  DegreeChange change;
  uint16_t &factor = axis == DeviceAxis::Tp ? (doubles ? change.timesTp : change.overTp)
                                            : (doubles ? change.timesDp : change.overDp);
  factor = 2;
  return change;
}

/// All stages and axes that could give (take), the one first that is fastest then.
std::vector<DevicesRemedy::Partner> DevicesRemedy::partners(const Patient &patient) const {
  std::vector<Partner> partners;
  for (uint32_t stage = 0; stage < patient.numStages(); ++stage) {
    if (stage == patient.bottleneck.stage)
      continue;
    for (DeviceAxis partnerAxis : {DeviceAxis::Tp, DeviceAxis::Dp}) {
      std::optional<PatternId> pattern =
          changeDegrees(patient.model(), patient.plan.stages[stage], along(partnerAxis, !gains));
      if (!pattern)
        continue;
      PlanEditor editor(patient.model(), patient.plan);
      editor.setPattern(stage, *pattern);
      StageValue value = editor.value(stage);
      uint32_t devices = patient.pattern(stage).devices;
      double over = value.fits ? 0 : 1e12 + double(value.memoryUnits);
      partners.push_back(
          {stage, partnerAxis, gains ? devices / 2 : devices, *pattern, value.ms + over});
    }
  }
  std::stable_sort(partners.begin(), partners.end(),
                   [](const Partner &a, const Partner &b) { return a.ms < b.ms; });
  return partners;
}

void DevicesRemedy::propose(const Patient &patient, std::vector<Candidate> &candidates) const {
  uint32_t stage = patient.bottleneck.stage, devices = patient.pattern(stage).devices;
  if (patient.numStages() == 1 || (!gains && devices == 1))
    return;
  std::optional<PatternId> pattern =
      changeDegrees(patient.model(), patient.plan.stages[stage], along(axis, gains));
  if (!pattern)
    return;
  uint32_t needed = gains ? devices : devices / 2;
  std::vector<Partner> all = partners(patient);
  std::vector<std::vector<uint32_t>> tried;
  for (size_t start = 0; start < all.size(); ++start) {
    // The start-th and, if its devices do not suffice, the best others.
    PlanEditor editor(patient.model(), patient.plan);
    editor.setPattern(stage, *pattern);
    std::vector<uint32_t> after = patient.devices();
    after[stage] = gains ? devices * 2 : devices / 2;
    uint32_t left = needed;
    std::string what;
    auto use = [&](const Partner &partner) {
      bool isUsed = after[partner.stage] != patient.pattern(partner.stage).devices;
      if (partner.devices > left || isUsed)
        return;
      left -= partner.devices;
      editor.setPattern(partner.stage, partner.pattern);
      after[partner.stage] += gains ? -partner.devices : partner.devices;
      what += (what.empty() ? "" : ", ") + countOf(partner.devices, "device") +
              (gains ? " from stage " : " to stage ") + std::to_string(partner.stage) + " (" +
              std::string(axisName(partner.axis)) + ")";
    };
    use(all[start]);
    for (const Partner &partner : all)
      use(partner);
    if (left > 0)
      continue;
    if (std::optional<SearchPlan> plan = editor.finish())
      candidates.push_back({std::move(*plan), what});
    // Degrees and boundaries that suit the new devices.
    if (std::find(tried.begin(), tried.end(), after) != tried.end() || patient.budget.isSpent())
      continue;
    tried.push_back(after);
    uint32_t used = 0;
    bool isAllowed = true;
    for (uint32_t count : after) {
      isAllowed &= patient.model().getRules().allowsPlace(
          used, count, patient.model().getCluster().devicesPerNode);
      used += count;
    }
    if (!isAllowed)
      continue;
    Partition partition =
        patient.workshop.rebalance(patient.plan.microBatch, after, patient.belowMs, patient.budget);
    if (!partition.found())
      continue;
    PlanEditor rebalanced(patient.model(), patient.plan);
    rebalanced.setPartition(patient.plan.microBatch, partition);
    if (std::optional<SearchPlan> plan = rebalanced.finish())
      candidates.push_back({std::move(*plan), what + ", all boundaries"});
  }
}

void aceso::addDeviceRemedies(RemedyList &remedies) {
  for (bool gains : {true, false})
    for (DeviceAxis axis : {DeviceAxis::Tp, DeviceAxis::Dp})
      remedies.push_back(std::make_unique<DevicesRemedy>(gains, axis));
}
