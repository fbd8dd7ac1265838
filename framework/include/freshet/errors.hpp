// The exceptions that Freshet throws. What a user's loader throws passes through unchanged.
#pragma once

#include <cstddef>
#include <stdexcept>
#include <string>
#include <vector>

namespace freshet {

/// Base of all of them.
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Where something stands in a configuration. Line and column count from 1; 0 means that no place is known, as for
/// options that were given in code.
struct Place {
  std::string file;
  std::size_t line = 0;
  std::size_t column = 0;

  friend bool operator==(const Place&, const Place&) = default;
};

/// One thing wrong with a configuration: where, under which path of keys, and what.
struct Finding {
  Place place;
  std::string path;     // "namespaces.profiles.ttl"; may be empty
  std::string message;  // what was found, what was expected, the nearest valid word

  /// `file:line:column: path: message`, without the parts that are not known.
  std::string text() const;
};

/// A configuration that cannot be used, with everything that is wrong with it. what() has a line per finding.
class ConfigError : public Error {
 public:
  explicit ConfigError(std::vector<Finding> findings);
  const std::vector<Finding>& findings() const noexcept { return findings_; }

 private:
  std::vector<Finding> findings_;
};

/// A namespace that no policy block serves. The message names the blocks that exist.
class UnknownNamespace : public Error {
 public:
  using Error::Error;
};

/// An entity that the policy does not declare. The message names the nearest that it does.
class UnknownEntity : public Error {
 public:
  using Error::Error;
};

/// A key, tag, namespace or scope that is empty, longer than its limit (limits.hpp) or has a forbidden character.
class InvalidName : public Error {
 public:
  using Error::Error;
};

/// A view that its policy block cannot serve: a second type for one block, or a type that lacks a trait the policy needs.
class ViewError : public Error {
 public:
  using Error::Error;
};

/// A loader asked, directly or through others that wait for each other, for the key that it is loading.
class RecursiveLoad : public Error {
 public:
  using Error::Error;
};

/// A transaction, or what was handed on of a request context, bypass or transaction, is used after its end.
class ScopeEnded : public Error {
 public:
  using Error::Error;
};

/// A load took longer than load_timeout.hard, and there was no old value to serve. It goes on, and fills the cache when it ends.
class LoadTimeout : public Error {
 public:
  using Error::Error;
};

/// The cache was closed while a call waited for a load that did not end in time (CloseOptions), or before it had begun.
class CacheClosed : public Error {
 public:
  using Error::Error;
};

/// A loader said that its value is the previous one, and there is none: it asked its origin for what it has not got.
class NoPreviousValue : public Error {
 public:
  using Error::Error;
};

/// A bulk loader answered with another number of values than it was asked for.
class BulkLoadMismatch : public Error {
 public:
  using Error::Error;
};

}  // namespace freshet
