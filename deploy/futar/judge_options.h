// The options that all judge verbs share, and the chain of ARC that two of them judge.
#pragma once
#include <string>

#include "common/arc/verifier.h"
#include "deploy/futar/judge_input.h"
#include "deploy/futar/program.h"

namespace futar::deploy {

struct JudgeOptions {
  std::string dns;
  std::string engine = "native";
  bool weak_keys = false;

  void add_to(CLI::App& app);
  int min_rsa_bits() const { return weak_keys ? 512 : 1024; }
};

/// With the keys from the DNS.
arc::Verdict judge_chain(Program& program, const JudgeOptions& options, const Message& message);

}  // namespace futar::deploy
