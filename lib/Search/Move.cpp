//===- Move.cpp - One change of a plan --------------------------*- C++ -*-===//

#include "aceso/Search/Move.h"

#include "aceso/Cost/PlanCheck.h"

using namespace aceso;

std::string Move::apply(CompactPlan &plan, const ModelFacts &facts) const {
  CompactPlan changed = plan;
  if (std::string refusal = change(changed); !refusal.empty())
    return refusal;
  if (std::optional<PlanViolation> violation = checkPlan(changed, facts))
    return violation->message;
  plan = std::move(changed);
  return "";
}

Result<PlanCost> Move::estimate(const CompactPlan &plan, const ModelFacts &facts,
                                const PlanFormula &formula) const {
  CompactPlan changed = plan;
  if (std::string refusal = apply(changed, facts); !refusal.empty())
    return ErrorMessage{toString() + ": the plan " + refusal};
  return formula.evaluate(changed);
}

std::string Move::toString() const {
  std::string text(getName());
  std::string options;
  for (const MoveOption &option : getOptions())
    options += (options.empty() ? "" : " ") + option.name + "=" + option.value;
  return text + "{" + options + "}";
}

std::string aceso::toString(const MoveList &moves) {
  std::string text;
  for (const std::unique_ptr<Move> &move : moves)
    text += (text.empty() ? "" : ",") + move->toString();
  return text;
}
