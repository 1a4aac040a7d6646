// The coroutine type of the whole tree. Includes only Boost's bare awaitable (2 s), never Asio's I/O headers
// (10 s).
#pragma once
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

namespace futar {

template <class T = void>
using Task = boost::asio::awaitable<T>;

}  // namespace futar
