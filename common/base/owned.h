// What a C library made, as a unique_ptr that gives it back by the library's own function.
#pragma once
#include <memory>

namespace futar {

template <auto release>
struct Release {
  template <class T>
  void operator()(T* object) const {
    release(object);
  }
};
template <class T, auto release>
using Owned = std::unique_ptr<T, Release<release>>;

}  // namespace futar
