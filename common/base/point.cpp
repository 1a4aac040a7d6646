#include "common/base/point.h"

// Found by name from the preloaded test library, hence exported (-rdynamic) and not static.
extern "C" __attribute__((visibility("default"), used)) void (*futar_point_hook)(const char* name) = nullptr;
