// The operator's verbs that mda answers over its control socket.
#pragma once
#include <functional>
#include <map>
#include <string>

#include "common/daemon/daemon.h"
#include "mda/from_mta/delivery.h"
#include "proto/control/control.h"

namespace futar::mda {

/// What the verbs look at; all of it outlives the control server.
struct Subjects {
  daemon::Environment& environment;
  Delivery& delivery;
  proto::DeliveryReceiver& link;
  std::function<Task<Result<void>>()> reload;
};

std::map<std::string, proto::Verb> control_verbs(Subjects subjects);

}  // namespace futar::mda
