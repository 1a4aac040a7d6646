// Named moments in the life of a message ("mda.after_intent"), where the crash tests stop or kill a daemon.
// Costs one predictable branch; without tests/fakes/preload.cpp nobody sets the hook.
#pragma once

extern "C" void (*futar_point_hook)(const char* name);

namespace futar {

inline void point(const char* name) {
  if (futar_point_hook) [[unlikely]]
    futar_point_hook(name);
}

}  // namespace futar
