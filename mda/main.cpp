// futar-mda: wires the delivery and the link from mta. No logic.
#include "common/config/paths.h"
#include "common/daemon/daemon.h"
#include "common/daemon/metrics_server.h"
#include "common/log/log.h"
#include "common/zmq/context.h"
#include "mda/from_mta/delivery.h"
#include "mda/metrics.h"
#include "mda/verbs.h"

namespace futar::mda {
namespace {

constexpr size_t worker_threads = 24;  // many fsyncs at once merge in the journal

DeliveryOptions delivery_options(const config::Config& config, const std::string& state_folder) {
  DeliveryOptions options;
  options.mailboxes = config.text("mda.mailboxes");
  options.state_folder = state_folder;
  options.published_folder = config::published_folder(config);
  options.subaddress = config.text("mda.subaddress");
  options.junk = config.text("mda.junk");
  options.hostname = config.hostname();
  options.quota = config.size("mda.quota");
  options.keep_ms = config.duration_ms("trace.keep");
  return options;
}

class Mda final : public daemon::Agent {
 public:
  explicit Mda(daemon::Environment& environment)
      : env_(environment), config_(environment.config), zmq_(environment.loop) {}

  Result<void> bind() override {
    metrics_port_ = daemon::bind_metrics(config_, "mda", env_.passed);
    return {};
  }

  Result<void> start() override {
    workers_ = std::make_unique<net::Workers>(env_.loop, worker_threads, "mda-worker");
    delivery_ =
        TRY(Delivery::open(env_.loop, *workers_, system_clock(), delivery_options(config_, env_.state_folder),
                           [this](Error error) { env_.end(daemon::exit_io, error.text); }));
    link_ = std::make_unique<proto::DeliveryReceiver>(env_.loop, zmq_, link_options(), delivery_->sink());
    delivery_->on_mailbox_change([this](proto::MailboxState state) { link_->push(std::move(state)); });
    delivery_->start();
    env_.loop.spawn("directory", open_directory());
    TRY(link_->start());
    control_ = std::make_unique<proto::ControlServer>(
        env_.loop, zmq_, config::control_endpoint(config_, "mda"), control_verbs(subjects()));
    start_metrics();
    return control_->start();
  }

  Task<Result<void>> reload() override {
    CO_TRY(env_.check_reload());
    CO_TRY(co_await delivery_->reopen_directory());
    co_return Result<void>();
  }

  Task<> stop() override {
    co_await link_->stop();
    co_await delivery_->stop();
    co_await control_->stop(proto::last_answers_ms);
  }

 private:
  Subjects subjects() {
    return {env_, *delivery_, *link_, [this] { return reload(); }};
  }

  void start_metrics() {
    metrics_ = std::make_unique<daemon::MetricsServer>(
        env_.loop, std::move(metrics_port_),
        daemon::MetricsPages{[this] { return metrics(subjects()); },
                             [this] { return link_->state().up ? "" : "mta is not connected"; }});
    metrics_->start();
  }

  proto::LinkOptions link_options() const {
    proto::LinkOptions options;
    options.endpoint = config::delivery_link(config_);
    options.instance = delivery_->instance();
    options.started_ms = env_.started_ms;
    options.folder = env_.folder;
    options.curve = zmq::curve_keys_in(config_.text("link.keys"), "mda", "delivery");
    return options;
  }

  Task<> open_directory() {
    const Result<size_t> made = co_await delivery_->reopen_directory();
    if (!made) log::error("the directory could not be read: {}", made.error().text);
  }

  daemon::Environment& env_;
  const config::Config& config_;
  zmq::Context zmq_;
  std::unique_ptr<net::Workers> workers_;
  std::unique_ptr<Delivery> delivery_;
  std::unique_ptr<proto::DeliveryReceiver> link_;
  std::unique_ptr<proto::ControlServer> control_;
  Fd metrics_port_;  ///< until metrics_ has it
  std::unique_ptr<daemon::MetricsServer> metrics_;
};

}  // namespace
}  // namespace futar::mda

int main(int argc, char** argv) {
  return futar::daemon::run(argc, argv, "mda", [](futar::daemon::Environment& environment) {
    return std::make_unique<futar::mda::Mda>(environment);
  });
}
