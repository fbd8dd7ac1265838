// The text of a value in a key: what memoized functions make their keys of (memoized.hpp).
//
// Two values of one type have one text only if they are the same value. Given without a word:
//
//   integers, enumerations   in decimal; an enumeration by its number
//   bool                     true, false
//   char                     the byte itself
//   float, double            the shortest text that reads back as the same number; -0.0 is not 0.0, all NaN are one
//   strings, string views, const char*    their bytes; a null pointer throws InvalidName
//   std::chrono              a duration's count in the unit of its type; a time point's count since its epoch
//   optional, pair, tuple    of all these
//   vector, array, span      of all these, in their order
//
// Other types say what identifies them:
//   template <> struct freshet::KeyText<Account> {
//     static auto of(const Account& a) { return std::tuple(a.region, a.number); }   // anything that has a text itself
//   };
// Pointers have none: an address says nothing about a value. Nor have unordered containers, whose order is an accident.
#pragma once

namespace freshet {

/// Specialise it for your types: `of(const T&)` answers with something that has a text. Equal answers are equal keys.
template <class T>
struct KeyText;

}  // namespace freshet
