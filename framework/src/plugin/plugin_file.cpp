#include "plugin/plugin_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <link.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>

namespace freshet::plugin {
namespace {

using Problem = std::optional<std::string>;

class Descriptor {
 public:
  explicit Descriptor(const char* file)
      : number_(::open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  bool is_open() const { return number_ >= 0; }
  int number() const { return number_; }

  /// False if the file ends before that.
  template <class T>
  bool read_at(std::uint64_t offset, T& into) const {
    return ::pread(number_, &into, sizeof into, static_cast<off_t>(offset)) ==
           static_cast<ssize_t>(sizeof into);
  }

 private:
  int number_;
};

/// `what`: "the file", "its folder".
Problem trust_problem(const struct stat& status, const char* what) {
  if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    return fmt::format(
        "{} is writable by others than its owner (mode {:04o}), expected none of the "
        "bits 0022",
        what, static_cast<unsigned>(status.st_mode & 07777));
  }
  if (status.st_uid != 0 && status.st_uid != ::geteuid()) {
    return fmt::format("{} belongs to user {}, expected root or the user of this process, {}", what,
                       status.st_uid, ::geteuid());
  }
  return std::nullopt;
}

/// Whether [offset, offset + size) lies in a file of `limit` bytes.
bool within(std::uint64_t offset, std::uint64_t size, std::uint64_t limit) {
  return offset <= limit && size <= limit - offset;
}

Problem header_problem(const ElfW(Ehdr) & header) {
  if (std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0)
    return "is not a shared object: no ELF header";
  const Descriptor self("/proc/self/exe");
  ElfW(Ehdr) own;
  const bool known = self.is_open() && self.read_at(0, own);
  if (header.e_ident[EI_CLASS] != (sizeof(void*) == 8 ? ELFCLASS64 : ELFCLASS32) ||
      (known &&
       (header.e_ident[EI_DATA] != own.e_ident[EI_DATA] || header.e_machine != own.e_machine))) {
    return fmt::format("is not for this machine: ELF class {}, machine {}{}",
                       static_cast<int>(header.e_ident[EI_CLASS]), header.e_machine,
                       known ? fmt::format(", expected {}, {}",
                                           static_cast<int>(own.e_ident[EI_CLASS]), own.e_machine)
                             : std::string{});
  }
  if (header.e_type != ET_DYN)
    return fmt::format("is not a shared object: ELF type {}, expected {}", header.e_type, ET_DYN);
  if (header.e_phentsize != sizeof(ElfW(Phdr)) || header.e_phnum == 0)
    return "is not a shared object: no program headers";
  return std::nullopt;
}

Problem size_problem(const Descriptor& file, const ElfW(Ehdr) & header, std::uint64_t size) {
  std::uint64_t needed = header.e_shoff + std::uint64_t{header.e_shnum} * header.e_shentsize;
  bool whole = within(header.e_shoff, std::uint64_t{header.e_shnum} * header.e_shentsize, size);
  for (std::uint64_t i = 0; whole && i < header.e_phnum; ++i) {
    ElfW(Phdr) segment;
    needed = header.e_phoff + (i + 1) * sizeof segment;
    whole = within(header.e_phoff, (i + 1) * sizeof segment, size) &&
            file.read_at(header.e_phoff + i * sizeof segment, segment);
    if (!whole) break;
    needed = segment.p_offset + segment.p_filesz;
    whole = within(segment.p_offset, segment.p_filesz, size);
  }
  if (whole) return std::nullopt;
  return fmt::format("is truncated: {} bytes, and its headers speak of {}", size, needed);
}

}  // namespace

std::optional<std::string> file_problem(const std::filesystem::path& file) {
  const Descriptor opened(file.c_str());
  if (!opened.is_open()) return fmt::format("cannot be opened: {}", std::strerror(errno));
  struct stat status {};
  if (::fstat(opened.number(), &status) != 0)
    return fmt::format("cannot be looked at: {}", std::strerror(errno));
  if (!S_ISREG(status.st_mode)) return "is not a regular file";
  if (auto problem = trust_problem(status, "the file")) return problem;

  // The folder that really holds it: a link to the file may stand anywhere.
  std::error_code error;
  const std::filesystem::path folder = std::filesystem::canonical(file, error).parent_path();
  struct stat folder_status {};
  if (error || ::stat(folder.c_str(), &folder_status) != 0) return "its folder cannot be looked at";
  if (auto problem = trust_problem(folder_status, "its folder")) return problem;

  ElfW(Ehdr) header;
  if (!opened.read_at(0, header)) return "is not a shared object: too short for an ELF header";
  if (auto problem = header_problem(header)) return problem;
  return size_problem(opened, header, static_cast<std::uint64_t>(status.st_size));
}

}  // namespace freshet::plugin
