//===- ConversionTable.cpp - Conversions by number, remembered ------------===//

#include "aceso/Layout/ConversionTable.h"

#include <algorithm>
#include <cassert>

namespace aceso {

static ConversionSummary summarize(const Mesh &mesh, const std::vector<ConversionStep> &steps,
                                   const std::vector<int64_t> &shape) {
  ConversionSummary summary;
  for (const ConversionStep &step : steps)
    summary.steps.push_back(
        {step.kind, step.digits, mesh.product(step.digits), stepInputElements(mesh, step, shape)});
  summary.cost = conversionCost(mesh, steps, shape);
  return summary;
}

LayoutTable::LayoutTable(Mesh mesh, std::vector<int64_t> shape, std::vector<int64_t> majors)
    : mesh(std::move(mesh)), shape(std::move(shape)), majors(std::move(majors)) {
  if (this->majors.empty())
    this->majors = this->shape;
}

LayoutId LayoutTable::intern(const Layout &layout) {
  // Few layouts for each tensor: a scan is as quick as a map.
  for (size_t id = 0; id < layouts.size(); ++id)
    if (*layouts[id] == layout)
      return static_cast<LayoutId>(id);
  assert(checkLayout(mesh, layout, shape, majors).empty() && "the layout must be legal");
  layouts.push_back(std::make_unique<Layout>(layout));
  return static_cast<LayoutId>(layouts.size() - 1);
}

const ConversionSummary &LayoutTable::conversion(LayoutId from, LayoutId to) {
  assert(from < layouts.size() && to < layouts.size() && "no such layout");
  if (conversions.size() <= from)
    conversions.resize(layouts.size());
  auto &row = conversions[from];
  if (row.size() <= to)
    row.resize(layouts.size());
  if (!row[to])
    row[to] = std::make_unique<ConversionSummary>(
        summarize(mesh, convertLayout(mesh, *layouts[from], *layouts[to], shape, majors), shape));
  return *row[to];
}

LayoutTable &ConversionCache::table(const Mesh &mesh, const std::vector<int64_t> &shape,
                                    const std::vector<int64_t> &majors) {
  TableKey key(mesh.getRadices(), shape, majors.empty() ? shape : majors);
  auto found = tables.find(key);
  if (found == tables.end())
    found = tables.try_emplace(std::move(key), mesh, shape, majors).first;
  return found->second;
}

const TransferSummary &ConversionCache::transfer(LayoutTable &source, LayoutId from,
                                                 LayoutTable &destination, LayoutId to) {
  assert(source.getShape() == destination.getShape() && "one tensor");
  assert(source.getMajors() == destination.getMajors() && "one tensor");
  auto [entry, isNew] = transfers.try_emplace({&source, from, &destination, to}, TransferSummary());
  TransferSummary &summary = entry->second;
  if (!isNew)
    return summary;
  const std::vector<int64_t> &shape = source.getShape();
  Transfer transfer = planTransfer(source.getMesh(), source.layout(from), destination.getMesh(),
                                   destination.layout(to), shape, source.getMajors());
  summary.beforeSend = summarize(source.getMesh(), transfer.beforeSend, shape);
  summary.afterReceive = summarize(destination.getMesh(), transfer.afterReceive, shape);
  std::vector<int64_t> sent(source.getMesh().numDevices());
  std::vector<int64_t> received(destination.getMesh().numDevices());
  for (const BoxPiece &message : transfer.messages) {
    int64_t elements = message.box.numElements();
    ++summary.numMessages;
    summary.elementsSent += elements;
    sent[message.source] += elements;
    received[message.destination] += elements;
  }
  summary.busiestSend = *std::max_element(sent.begin(), sent.end());
  summary.busiestReceive = *std::max_element(received.begin(), received.end());
  return summary;
}

} // namespace aceso
