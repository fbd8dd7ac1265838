// LabelRef: a counted reference to a label; while one exists the label is live (framework/src/freshness/label.hpp).
#pragma once

#include <utility>

namespace freshet::detail {

class Label;

/// Shared ownership of a live label. Null by default. A label keeps its table alive, so a LabelRef may outlive everything.
class LabelRef {
 public:
  LabelRef() noexcept = default;
  /// Takes over one reference that the caller owns.
  static LabelRef adopt(Label* label) noexcept {
    LabelRef ref;
    ref.label_ = label;
    return ref;
  }
  LabelRef(const LabelRef& other) noexcept;
  LabelRef(LabelRef&& other) noexcept : label_(std::exchange(other.label_, nullptr)) {}
  LabelRef& operator=(LabelRef other) noexcept {
    std::swap(label_, other.label_);
    return *this;
  }
  ~LabelRef();

  /// Gives the reference to the caller, who must adopt() it or give it up.
  [[nodiscard]] Label* detach() noexcept { return std::exchange(label_, nullptr); }

  Label* get() const noexcept { return label_; }
  Label& operator*() const noexcept { return *label_; }
  Label* operator->() const noexcept { return label_; }
  explicit operator bool() const noexcept { return label_ != nullptr; }
  friend bool operator==(const LabelRef& a, const LabelRef& b) noexcept {
    return a.label_ == b.label_;
  }

 private:
  Label* label_ = nullptr;
};

}  // namespace freshet::detail
