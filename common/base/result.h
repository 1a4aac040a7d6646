// A value, or the reason why there is none. Exceptions end a conversation; everything that somebody must
// answer for is a Result.
#pragma once
#include <expected>
#include <string>
#include <utility>

namespace futar {

/// What went wrong, for whoever must decide what follows. `text` is for the log and the operator, never for
/// the peer.
struct Error {
  enum class Kind {
    temporary,  ///< may work later: disk full, peer away
    permanent,  ///< will not work as asked: bad syntax, unknown user
    ours,  ///< our environment broke: I/O error, corrupt database; the process should not go on as if well
  };
  Kind kind = Kind::temporary;
  std::string text;

  static Error temporary(std::string text) { return {Kind::temporary, std::move(text)}; }
  static Error permanent(std::string text) { return {Kind::permanent, std::move(text)}; }
  static Error ours(std::string text) { return {Kind::ours, std::move(text)}; }
};

template <class T>
struct [[nodiscard]] Result : std::expected<T, Error> {
  using std::expected<T, Error>::expected;
};

inline std::unexpected<Error> fail(Error error) { return std::unexpected<Error>(std::move(error)); }

}  // namespace futar

// The value of a Result, or return its error from this function. CO_TRY is the same in a coroutine.
// clang only; GCC below 13 crashes on statement expressions in coroutines.
// The name is unique, so that a TRY may stand inside another.
#define FUTAR_TRY_WITH(return_word, result, ...)                         \
  ({                                                                     \
    auto&& result = (__VA_ARGS__);                                       \
    if (!result) return_word std::unexpected(std::move(result).error()); \
    *std::move(result);                                                  \
  })
#define FUTAR_JOIN_(a, b) a##b
#define FUTAR_JOIN(a, b) FUTAR_JOIN_(a, b)
#define TRY(...) FUTAR_TRY_WITH(return, FUTAR_JOIN(try_result_, __COUNTER__), __VA_ARGS__)
#define CO_TRY(...) FUTAR_TRY_WITH(co_return, FUTAR_JOIN(try_result_, __COUNTER__), __VA_ARGS__)
