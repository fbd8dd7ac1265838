#include "freshness/label_graph.hpp"

#include <algorithm>
#include <unordered_map>
#include <utility>

namespace freshet::detail {

LabelGraph::Change LabelGraph::relate(Label& child, std::span<const LabelRef> parents,
                                      Revision since) {
  const auto wanted = [&](const Edge& edge) {
    return std::find(parents.begin(), parents.end(), edge.parent) != parents.end();
  };
  if (parents.empty() && !child.has_parents()) return Change::none;
  rt::WriterLock lock(mutex_);
  std::vector<Edge>& edges = child.parents_;
  // What needs memory comes first: then either all of it is done or nothing.
  edges.reserve(edges.size() + parents.size());
  children_.insert(&child);
  Change change = Change::none;
  for (const LabelRef& parent : parents) {
    if (parent.get() == &child)
      continue;  // an entry that depends on itself depends on nothing more
    const auto known = std::find_if(edges.begin(), edges.end(),
                                    [&](const Edge& edge) { return edge.parent == parent; });
    if (known != edges.end()) {
      known->current = true;
      continue;
    }
    edges.push_back({parent, since});
    change = Change::gained;
  }
  std::size_t lost = 0;
  for (Edge& edge : edges) {
    if (wanted(edge)) continue;
    ++lost;
    if (std::exchange(edge.current, false)) change = Change::lost;
  }
  if (edges.empty()) {
    children_.erase(&child);
  } else {
    child.has_parents_.store(true, std::memory_order_release);  // pairs with has_parents()
  }
  return lost > kMaxLostEdges ? Change::too_many_lost : change;
}

bool LabelGraph::has_edges(const Label& child, std::span<const LabelRef> parents) const {
  rt::ReaderLock lock(mutex_);
  return std::all_of(parents.begin(), parents.end(), [&](const LabelRef& parent) {
    return parent.get() == &child ||
           std::any_of(child.parents_.begin(), child.parents_.end(),
                       [&](const Edge& edge) { return edge.parent == parent; });
  });
}

void LabelGraph::forget_lost(Label& child) {
  std::vector<Edge> lost;  // given up after the lock
  rt::WriterLock lock(mutex_);
  std::vector<Edge>& edges = child.parents_;
  const auto first =
      std::partition(edges.begin(), edges.end(), [](const Edge& edge) { return edge.current; });
  lost.assign(std::make_move_iterator(first), std::make_move_iterator(edges.end()));
  edges.erase(first, edges.end());
  if (!edges.empty()) return;
  children_.erase(&child);
  child.has_parents_.store(false, std::memory_order_release);
}

Verdict LabelGraph::judge(const Label& label, Revision birth, JudgeOne judge_one) const noexcept {
  if (!label.has_parents()) return Verdict::fresh;
  try {
    rt::ReaderLock lock(mutex_);
    // A label may be reached along several paths; the one that ignores the fewest raises counts.
    std::unordered_map<const Label*, Revision> visited{{&label, birth}};
    std::vector<std::pair<const Label*, Revision>> open{{&label, birth}};
    Verdict worst = Verdict::fresh;
    while (!open.empty()) {
      const auto [child, born] = open.back();
      open.pop_back();
      for (const Edge& edge : child->parents_) {
        const Revision since = std::max(born, edge.since);
        const auto [place, first] = visited.try_emplace(edge.parent.get(), since);
        if (!first && place->second <= since) continue;
        place->second = since;
        worst = std::max(worst, judge_one(*edge.parent, since));
        if (worst == Verdict::removed) return worst;
        open.emplace_back(edge.parent.get(), since);
      }
      if (visited.size() > kMaxWalk) {
        walks_stopped_.fetch_add(1, std::memory_order_relaxed);
        return Verdict::removed;
      }
    }
    return worst;
  } catch (...) {  // no memory to look: what cannot be judged is stale
    return Verdict::removed;
  }
}

std::unordered_set<const Label*> LabelGraph::dependents_of(std::span<const LabelRef> labels) const {
  std::unordered_set<const Label*> found;
  for (const LabelRef& label : labels) found.insert(label.get());
  rt::ReaderLock lock(mutex_);
  std::unordered_map<const Label*, std::vector<const Label*>> children;
  for (const Label* child : children_) {
    for (const Edge& edge : child->parents_) children[edge.parent.get()].push_back(child);
  }
  std::vector<const Label*> open(found.begin(), found.end());
  while (!open.empty()) {
    const auto place = children.find(open.back());
    open.pop_back();
    if (place == children.end()) continue;
    for (const Label* child : place->second) {
      if (found.insert(child).second) open.push_back(child);
    }
  }
  return found;
}

// What is referenced by more than the edges among these labels is in use, and so is what it depends on. The rest are
// cycles, and what hangs on them.
std::unordered_set<const Label*> LabelGraph::used() const {
  std::unordered_map<const Label*, std::uint32_t> from_edges;
  for (const Label* child : children_) {
    for (const Edge& edge : child->parents_) ++from_edges[edge.parent.get()];
  }
  std::unordered_set<const Label*> used;
  std::vector<const Label*> open;
  for (const Label* child : children_) {
    const auto place = from_edges.find(child);
    const std::uint32_t inner = place == from_edges.end() ? 0 : place->second;
    // acquire: pairs with the release of whoever gave up a reference. One that is given up just now is seen next time.
    if (child->references_.load(std::memory_order_acquire) <= inner) continue;
    used.insert(child);
    open.push_back(child);
  }
  while (!open.empty()) {
    const Label* child = open.back();
    open.pop_back();
    for (const Edge& edge : child->parents_) {
      if (used.insert(edge.parent.get()).second) open.push_back(edge.parent.get());
    }
  }
  return used;
}

std::size_t LabelGraph::collect(Revision next, FunctionRef<void()> move_on) {
  std::vector<std::vector<Edge>> garbage;  // given up after the lock
  rt::WriterLock lock(mutex_);
  garbage.reserve(children_.size());  // first: edges that are taken out half are gone
  std::unordered_set<const Label*> used = this->used();
  bool departed = false;
  for (Label* child : children_) {
    if (used.count(child) != 0 || !child->stands_for_departed()) continue;
    child->refuse_loads_below(next);
    departed = true;
  }
  if (departed) {
    move_on();
    FRESHET_PAUSE("circle_refuses_loads");
    // Again: who has taken one of them meanwhile may rely on its edges. Who takes one from here on is refused, or born later.
    used = this->used();
  }
  std::size_t freed = 0;
  for (auto place = children_.begin(); place != children_.end();) {
    Label* child = *place;
    if (used.count(child) != 0) {
      ++place;
      continue;
    }
    garbage.push_back(take_edges(*child));
    place = children_.erase(place);
    ++freed;
  }
  return freed;
}

void LabelGraph::clear() {
  // One child at a time, whose edges are given up after the lock: the end of a cache needs no memory.
  for (bool more = true; more;) {
    std::vector<Edge> garbage;
    rt::WriterLock lock(mutex_);
    if (children_.empty()) return;
    garbage = take_edges(**children_.begin());
    children_.erase(children_.begin());
    more = !children_.empty();
  }
}

// The last thing that is done to the child: without edges, whoever gives up its last reference needs no lock to delete it.
std::vector<Edge> LabelGraph::take_edges(Label& child) noexcept {
  std::vector<Edge> taken = std::exchange(child.parents_, {});
  child.has_parents_.store(false, std::memory_order_release);  // pairs with has_parents() in drop()
  return taken;
}

void LabelGraph::drop(Label& label) noexcept {
  if (!label.has_parents()) return;
  rt::WriterLock lock(mutex_);
  children_.erase(&label);
}

void LabelGraph::for_each_edge(
    FunctionRef<void(const Label& child, const Edge& edge)> visitor) const {
  rt::ReaderLock lock(mutex_);
  for (const Label* child : children_) {
    for (const Edge& edge : child->parents_) visitor(*child, edge);
  }
}

std::size_t LabelGraph::size() const {
  rt::ReaderLock lock(mutex_);
  return children_.size();
}

}  // namespace freshet::detail
