// Freshet among the subjects.
#include "peers/freshet_adapter.hpp"
#include "peers/makers.hpp"
#include "peers/subject_of.hpp"

namespace freshet::bench {

std::unique_ptr<Subject> make_freshet_visit() {
  return std::make_unique<SubjectOf<VisitingAdapter<std::string>>>();
}

std::unique_ptr<Subject> make_freshet_get() { return std::make_unique<SubjectOf<HandleAdapter>>(); }

std::unique_ptr<Subject> make_freshet_in_place() {
  return std::make_unique<SubjectOf<VisitingAdapter<Value>>>();
}

}  // namespace freshet::bench
