// Who may begin a conversation at a binding end. Pure: decisions on values.
#pragma once
#include <optional>
#include <string>

#include "proto/messages.h"

namespace futar::proto {

enum class HelloVerdict {
  begin,   ///< a new conversation; one that the same instance had is over
  repeat,  ///< the Welcome was lost, or the Hello came twice: welcome again, nothing is forgotten
  refuse,  ///< unless the live connection turns out to be dead: a second process on a copied state folder
  stale,   ///< an earlier Hello of the same connection: ignore
};

/// `live` is the Hello that the instance's standing connection gave; `same_connection`: this one came over it
/// too.
/// A newer start replaces only on the same folder: who starts a copy that was left behind is not preferred.
HelloVerdict judge_hello(const Hello& hello, const std::optional<Hello>& live, bool same_connection);

/// Whether both told where their state folder lies, and these are two.
bool is_copy(const Hello& hello, const Hello& live);
/// "HOST:DEVICE:INODE" without the numbers.
std::string host_of_folder(const std::string& folder);

/// Why this Hello can never be welcomed at the endpoint of `role`; "" if it can.
std::string hello_flaw(const Hello& hello, std::string_view role);

/// N reads N-1 and N+1.
constexpr bool speaks_with(int protocol) { return protocol >= version - 1 && protocol <= version + 1; }

}  // namespace futar::proto
