// A folder that ends with the test, and a way to run a coroutine to its end.
#pragma once
#include <doctest/doctest.h>

#include <boost/asio/io_context.hpp>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "common/net/loop.h"

namespace futar {

class TempFolder {
 public:
  TempFolder() {
    std::string pattern = std::filesystem::temp_directory_path() / "futar-test-XXXXXX";
    REQUIRE(::mkdtemp(pattern.data()) != nullptr);
    path_ = pattern;
  }
  ~TempFolder() { std::filesystem::remove_all(path_); }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  const std::string& path() const { return path_; }
  std::string operator/(std::string_view name) const { return path_ + "/" + std::string(name); }

 private:
  std::string path_;
};

/// Runs the loop until somebody stops it; may be called again.
inline void run_loop(net::Loop& loop) {
  loop.context().restart();
  loop.run();
}

/// Runs the loop until the coroutine has ended.
inline void run_task(net::Loop& loop, Task<> task) {
  auto wrapped = [](net::Loop& l, Task<> t) -> Task<> {
    co_await std::move(t);
    l.stop();
  };
  loop.spawn("test", wrapped(loop, std::move(task)));
  run_loop(loop);
}

}  // namespace futar
