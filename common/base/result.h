// A value, or the reason why there is none. Exceptions end a conversation; everything that somebody must answer
// for is a Result.
#pragma once
#include <expected>
#include <string>
#include <utility>

namespace futar {

/// What went wrong, for whoever must decide what follows. `text` is for the log and the operator, never for the peer.
struct Error {
  enum class Kind {
    temporary,  ///< may work later: disk full, peer away
    permanent,  ///< will not work as asked: bad syntax, unknown user
    ours,       ///< our environment broke: I/O error, corrupt database; the process should not go on as if well
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
#define FUTAR_TRY_WITH(return_word, ...) \
  ({                                                                                     \
    auto&& futar_try_result = (__VA_ARGS__);                                             \
    if (!futar_try_result) return_word std::unexpected(std::move(futar_try_result).error()); \
    *std::move(futar_try_result);                                                        \
  })
#define TRY(...) FUTAR_TRY_WITH(return, __VA_ARGS__)
#define CO_TRY(...) FUTAR_TRY_WITH(co_return, __VA_ARGS__)
