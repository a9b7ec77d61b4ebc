#include "common/event/causal_order.h"

#include <algorithm>
#include <functional>
#include <queue>
#include <string_view>
#include <tuple>

namespace crm::event {
namespace {

struct Graph {
  std::vector<std::vector<size_t>> later;  // rows that must come after
  std::vector<int> earlier;                // how many must come before
};

Graph BuildGraph(absl::Span<const std::vector<ResourceChange>> rows) {
  std::vector<std::tuple<std::string_view, int64_t, size_t>> changes;
  for (size_t row = 0; row < rows.size(); ++row) {
    for (const ResourceChange& change : rows[row]) {
      changes.emplace_back(change.resource, change.version, row);
    }
  }
  std::sort(changes.begin(), changes.end());
  Graph graph{std::vector<std::vector<size_t>>(rows.size()), std::vector<int>(rows.size())};
  for (size_t i = 1; i < changes.size(); ++i) {
    const auto& [resource, version, row] = changes[i];
    const auto& [previous_resource, previous_version, previous_row] = changes[i - 1];
    if (resource != previous_resource || version == previous_version || row == previous_row) {
      continue;
    }
    graph.later[previous_row].push_back(row);
    ++graph.earlier[row];
  }
  return graph;
}

}  // namespace

std::vector<size_t> CausalOrder(absl::Span<const std::vector<ResourceChange>> rows) {
  Graph graph = BuildGraph(rows);
  std::priority_queue<size_t, std::vector<size_t>, std::greater<>> ready;
  for (size_t row = 0; row < rows.size(); ++row) {
    if (graph.earlier[row] == 0) ready.push(row);
  }
  std::vector<size_t> order;
  order.reserve(rows.size());
  while (!ready.empty()) {
    const size_t row = ready.top();
    ready.pop();
    order.push_back(row);
    for (const size_t next : graph.later[row]) {
      if (--graph.earlier[next] == 0) ready.push(next);
    }
  }
  // Circles need versions that did not come from reading: no reason to lose events.
  for (size_t row = 0; row < rows.size() && order.size() < rows.size(); ++row) {
    if (graph.earlier[row] > 0) order.push_back(row);
  }
  return order;
}

}  // namespace crm::event
