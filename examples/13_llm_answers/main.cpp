// 13: answers of a language model, which cost money, kept by question. Each says which version of the prompt
// it was made with: a new prompt makes the old answers stale at once, however many there are.
#include <fmt/core.h>

#include <exception>
#include <map>
#include <string>
#include <utility>

#include "freshet/freshet.hpp"

namespace {

/// Stands for the model: an answer for a prompt and a text, and what that has cost.
struct Model {
  std::string complete(const std::string& prompt, const std::string& text) {
    ++calls;
    const bool strict = prompt.find("doubt") != std::string::npos;
    if (text.find("win") != std::string::npos) return "spam";
    return strict && text.find("offer") != std::string::npos ? "spam" : "fine";
  }
  int calls = 0;
};

/// A worker thread of the service, with the prompt that it was started with.
class Classifier {
 public:
  Classifier(freshet::CacheInvalidator invalidator, Model& model, std::string version,
             std::string prompt)
      : answers_(invalidator.cache<std::string>("answers")),
        model_(model),
        version_(std::move(version)),
        prompt_(std::move(prompt)) {}

  // [classify]
  freshet::Handle<std::string> classify(const std::string& text) const {
    return answers_.get_or_load("spam?:" + text, [&] { return model_.complete(prompt_, text); },
                                {.versions = {{"classifier-prompt", version_}}});
  }
  // [/classify]

 private:
  freshet::Cache<std::string> answers_;
  Model& model_;
  std::string version_;
  std::string prompt_;
};

void run(const char* policy) {
  auto invalidator = freshet::CacheInvalidator::from_yaml_file(policy);
  Model model;
  const Classifier v3(invalidator, model, "v3", "Is this spam?");
  const Classifier v4(invalidator, model, "v4", "Is this spam? If in doubt, yes.");
  const auto show = [&](const char* who, const Classifier& classifier) {
    const int before = model.calls;
    fmt::print("  {}:", who);
    for (const char* mail : {"you win!", "an offer", "lunch at one"})
      fmt::print(" {},", *classifier.classify(mail));
    fmt::print(" {} calls of the model\n", model.calls - before);
  };
  const auto deploy = [&](const char* version) {
    const freshet::Emitted done = invalidator.emit(
        "prompt_deployed", {{"prompt", "classifier-prompt"}, {"version", version}});
    fmt::print("{} is deployed: {} answers stale\n", version, done.invalidated.count);
  };
  deploy("v3");
  show("v3", v3);
  show("v3", v3);
  deploy("v4");
  show("v4", v4);
  show("v4", v4);
  fmt::print("a worker still has v3\n");
  show("v3", v3);
  show("v4", v4);
  fmt::print("{} late answers were refused\n", invalidator.stats().total.refused_version);
  deploy("v4");
  deploy("v3");
  show("v3", v3);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    run(argc > 1 ? argv[1] : EXAMPLE_DIR "/policy.yaml");
    return 0;
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 1;
  }
}
