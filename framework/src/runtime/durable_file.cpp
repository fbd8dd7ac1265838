#include "runtime/durable_file.hpp"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace freshet::detail {
namespace {

/// An open file, closed with the object.
class Descriptor {
 public:
  explicit Descriptor(int number) noexcept : number_(number) {}
  ~Descriptor() { close(); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int number() const noexcept { return number_; }
  explicit operator bool() const noexcept { return number_ >= 0; }
  bool close() noexcept {
    const int number = std::exchange(number_, -1);
    return number < 0 || ::close(number) == 0;
  }

 private:
  int number_;
};

bool write_all(int file, std::string_view content) noexcept {
  while (!content.empty()) {
    const ssize_t written = ::write(file, content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    content.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

}  // namespace

std::string write_durably(const std::filesystem::path& file, std::string_view content) {
  std::string beside = file.string() + ".XXXXXX";
  Descriptor made(::mkostemp(beside.data(), O_CLOEXEC));
  if (!made) return std::strerror(errno);
  const bool written =
      write_all(made.number(), content) && ::fsync(made.number()) == 0 && made.close();
  if (!written || ::rename(beside.c_str(), file.c_str()) != 0) {
    const std::string problem = std::strerror(errno);
    ::unlink(beside.c_str());
    return problem;
  }
  // The name reaches the disk with its folder. Where that cannot be asked for, the rename holds but for a loss of power.
  const std::filesystem::path folder = file.parent_path();
  const Descriptor opened(
      ::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (opened) ::fsync(opened.number());
  return {};
}

}  // namespace freshet::detail
