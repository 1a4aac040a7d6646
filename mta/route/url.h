// The URL of a smart host or route is the config's; the queue keeps its text() as a destination.
#pragma once
#include "common/config/host_url.h"

namespace futar::mta {

using config::HostUrl;
using config::parse_host_url;

}  // namespace futar::mta
