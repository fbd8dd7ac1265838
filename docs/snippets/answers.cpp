// What docs/guides/prompt-versions.md calls the wrong way. It runs and judges itself: the race is there.
#include <fmt/core.h>

#include <cstdlib>
#include <functional>
#include <map>
#include <string>
#include <utility>

namespace {

void require(bool holds, const char* what) {
  if (holds) return;
  fmt::print(stderr, "not so: {}\n", what);
  std::exit(1);
}

/// `meanwhile` runs once, while an answer is being written.
struct Model {
  std::string complete(const std::string& prompt, const std::string& question) {
    std::string answer = prompt + question;
    if (meanwhile) std::exchange(meanwhile, nullptr)();
    return answer;
  }
  std::function<void()> meanwhile;
};

}  // namespace

int main() {
  Model model;
  std::map<std::string, std::string> cache;
  std::string prompt = "v3: ";
  // [by_hand]
  const auto answer = [&](const std::string& question) {
    const auto cached = cache.find(question);
    if (cached != cache.end()) return cached->second;
    std::string text = model.complete(prompt, question);  // 20 seconds
    cache[question] = text;
    return text;
  };
  const auto deploy = [&](const std::string& another) {
    prompt = another;
    cache.clear();  // the old answers
  };
  // [/by_hand]
  model.meanwhile = [&] { deploy("v4: "); };
  answer("why?");
  require(prompt == "v4: " && answer("why?") == "v3: why?", "by hand, an old answer stays");
  return 0;
}
