// futar-msa: wires the spool, the submission ports and the link to mta. No logic.
#include "common/config/paths.h"
#include "common/daemon/daemon.h"
#include "common/daemon/event_log.h"
#include "common/daemon/figures.h"
#include "common/daemon/listeners.h"
#include "common/daemon/metrics_server.h"
#include "common/daemon/self_audit.h"
#include "common/daemon/tls.h"
#include "common/log/log.h"
#include "common/net/listener.h"
#include "common/smtp/replies.h"
#include "common/smtp_server/session.h"
#include "common/spool/refusals.h"
#include "common/zmq/context.h"
#include "msa/metrics.h"
#include "msa/session/submission.h"
#include "msa/verbs.h"

namespace futar::msa {
namespace {

constexpr int64_t stop_grace_ms = 10'000;
constexpr size_t worker_threads = 8;

class Msa final : public daemon::Agent {
 public:
  explicit Msa(daemon::Environment& environment)
      : env_(environment),
        config_(environment.config),
        hidden_(net::hiding_gateways(config_.text("container"))),
        zmq_(environment.loop),
        ballast_(environment.state_folder + "/ballast") {}

  Result<void> bind() override {
    bound_ = TRY(daemon::bind_listeners(config_.list("msa.listen"), env_.passed));
    metrics_port_ = daemon::bind_metrics(config_, "msa", env_.passed);
    local_ =
        TRY(daemon::bind_local(config::submit_socket(config_), 0666, env_.passed));  // the kernel tells who
    tls_ = TRY(daemon::open_tls(env_));
    return {};
  }

  Result<void> start() override {
    workers_ = std::make_unique<net::Workers>(env_.loop, worker_threads, "msa-worker");
    spool_ = TRY(spool::Folder::open(env_.state_folder + "/spool", env_.loop, *workers_));
    TRY(open_spool());
    TRY(open_directory());
    TRY(to_mta_->start());
    TRY(start_ports());
    start_metrics();
    control_ = std::make_unique<proto::ControlServer>(env_.loop, zmq_,
                                                      config::control_endpoint(config_, "msa"), verbs());
    return control_->start();
  }

  Task<Result<void>> reload() override {
    CO_TRY(env_.check_reload());
    CO_TRY(tls_->reload());
    co_return open_directory();
  }

  Task<> stop() override {
    for (auto& listener : listeners_) co_await listener->stop(stop_grace_ms);
    co_await refusals_->stop();
    retention_->stop();
    co_await to_mta_->stop();
    co_await control_->stop(proto::last_answers_ms);
  }

 private:
  Result<void> open_spool() {
    const std::string path = env_.state_folder + "/msa.db";
    auto database = TRY(store::Database::open(path, store::Database::Mode::create));
    TRY(store::migrate(*database, spool_schema));
    TRY(spool::create_refused_table(*database));
    TRY(store::adopt_restored(*database, env_.state_folder, adopt_restored));
    const Identity self = TRY(identity(*database));
    const int64_t lowest = TRY(lowest_spooled(*database));
    limits_ = std::make_unique<Limits>(LimitOptions{static_cast<uint64_t>(config_.number("msa.limit_hour")),
                                                    static_cast<uint64_t>(config_.number("msa.limit_day"))},
                                       system_clock());
    TRY(limits_->load(*database));
    LoginOptions login;
    login.key = TRY(login_key(*database));
    login.shared = [this](const net::IpAddress& client) { return hidden_.covers(client); };
    login.keep = [this](MadeKeys made) {
      writer_->submit([made](store::Database& open) { return store_made_keys(open, made); },
                      [](Result<void> stored) {
                        if (!stored) log::warning("SCRAM keys were not kept: {}", stored.error().text);
                      });
    };
    login_ = std::make_unique<Login>(env_.loop, *workers_, system_clock(), std::move(login));
    const auto credentials = TRY(directory::Credentials::open(config::published_folder(config_)));
    login_->set_made_keys(TRY(load_made_keys(*database, *credentials)));
    const size_t swept = TRY(spool_->sweep([&](std::string_view name) {
      return spool::has_file(*database, name).value_or(true);  // when in doubt a file stays
    }));
    if (swept > 0) log::info("{} body files of messages that were never accepted removed", swept);
    writer_ = std::make_unique<store::Writer>(env_.loop, std::move(database), [this](Error error) {
      spool_->freeze();
      env_.end(daemon::exit_io, "msa.db: " + error.text);
    });
    if (auto filled = ballast_.fill(); !filled)
      log::warning("no ballast against a full disk: {}", filled.error().text);
    writer_->when_full([this] { return ballast_.release(); });
    reader_ = std::make_unique<store::Reader>(env_.loop, *writer_);
    question_reader_ = std::make_unique<store::Reader>(env_.loop, *writer_);
    audit_reader_ = std::make_unique<store::Reader>(env_.loop, *writer_);
    checkpointer_ = std::make_unique<store::Checkpointer>(path);
    low_water_ =
        std::make_unique<store::LowWater>(env_.state_folder, store::low_water_default, system_clock());
    refusals_ = std::make_unique<spool::Refusals>(env_.loop, *writer_, system_clock(),
                                                  config_.duration_ms("trace.keep_refused"));
    refusals_->start();
    retention_ = std::make_unique<spool::Retention>(
        env_.loop, *writer_, system_clock(), spool::RetentionOptions{config_.duration_ms("trace.keep")},
        forget_handed_over);
    retention_->start();
    to_mta_ =
        std::make_unique<ToMta>(env_.loop, zmq_, link_options(), *writer_, *reader_, *spool_, self, lowest);
    return {};
  }

  proto::LinkOptions link_options() const {
    proto::LinkOptions options;
    options.endpoint = config::submission_link(config_);
    options.started_ms = env_.started_ms;
    options.folder = env_.folder;
    options.curve = zmq::curve_keys_in(config_.text("link.keys"), "msa", "submission");
    return options;
  }

  Result<void> open_directory() {
    const std::string published = config::published_folder(config_);
    directory_ = TRY(directory::Directory::open(published, config_.text("mda.subaddress")));
    login_->set_credentials(TRY(directory::Credentials::open(published)));
    return {};
  }

  Result<void> start_ports() {
    submission_ = std::make_unique<Submission>(
        Submission{{config_.hostname(), config_.size("mta.max_size")},
                   system_clock(),
                   *login_,
                   *limits_,
                   *to_mta_,
                   *low_water_,
                   tls_,
                   [this]() -> const directory::Directory& { return *directory_; },
                   daemon::log_events,
                   [this](std::vector<event::Event> events, const MessageId& id) {
                     daemon::log_events(id, events);
                     refusals_->add(id, std::move(events));
                   },
                   hidden_});
    net::ListenerOptions limits;
    limits.sessions = static_cast<size_t>(config_.number("msa.sessions"));
    limits.sessions_per_client = static_cast<size_t>(config_.number("msa.sessions_per_client"));
    limits.unlimited = [this](const net::IpAddress& client) {
      return client.is_loopback() || hidden_.covers(client);
    };
    limits.proxies = TRY(daemon::networks(config_.list("msa.proxy_from")));
    limits.over_limit_reply = smtp::replies::too_many_connections().wire();
    for (daemon::Bound& bound : bound_) {
      smtp_server::SessionOptions options;
      options.implicit_tls = bound.listen.tls == config::Listen::Tls::implicit;
      listen(std::move(bound.socket), limits, [this, options](std::unique_ptr<net::Stream> stream) {
        return smtp_server::serve(std::move(stream), submission_policy(*submission_), *spool_, system_clock(),
                                  options);
      });
    }
    limits.sessions_per_client = 0;
    limits.proxies.clear();
    listen(std::move(local_), limits, [this](std::unique_ptr<net::Stream> stream) {
      return smtp_server::serve(std::move(stream), local_policy(*submission_), *spool_, system_clock(), {});
    });
    return {};
  }

  void listen(Fd socket, const net::ListenerOptions& limits, net::Listener::Session session) {
    listeners_.push_back(
        std::make_unique<net::Listener>(env_.loop, std::move(socket), limits, std::move(session)));
    listeners_.back()->start();
  }

  void start_metrics() {
    audit_ = std::make_unique<daemon::SelfAudit>(env_.loop, system_clock(),
                                                 [this] { return count_problems(subjects()); });
    audit_->start();
    metrics_ = std::make_unique<daemon::MetricsServer>(
        env_.loop, std::move(metrics_port_),
        daemon::MetricsPages{[this] {
                               return metrics({subjects(), *submission_, *audit_,
                                               [this] { return daemon::connections(listeners_); }});
                             },
                             [this] { return low_water_->reached() ? "the disk is nearly full" : ""; }});
    metrics_->start();
  }

  std::map<std::string, proto::Verb> verbs() { return control_verbs(subjects()); }

  Subjects subjects() {
    return {env_,
            *question_reader_,
            *audit_reader_,
            *writer_,
            *refusals_,
            *to_mta_,
            [this] { return net::sessions(listeners_); },
            [this] { return reload(); },
            [this]() -> const directory::Directory& { return *directory_; },
            hidden_};
  }

  daemon::Environment& env_;
  const config::Config& config_;
  std::vector<daemon::Bound> bound_;
  Fd local_;
  net::HiddenClients hidden_;
  std::shared_ptr<net::TlsContext> tls_;
  zmq::Context zmq_;
  std::unique_ptr<directory::Directory> directory_;
  std::unique_ptr<net::Workers> workers_;
  std::unique_ptr<spool::Folder> spool_;
  store::Ballast ballast_;
  std::unique_ptr<store::LowWater> low_water_;
  std::unique_ptr<store::Checkpointer> checkpointer_;
  std::unique_ptr<store::Writer> writer_;
  std::unique_ptr<store::Reader> reader_;  ///< of the mail itself
  std::unique_ptr<store::Reader> question_reader_, audit_reader_;
  std::unique_ptr<spool::Refusals> refusals_;
  std::unique_ptr<spool::Retention> retention_;
  std::unique_ptr<Limits> limits_;
  std::unique_ptr<Login> login_;
  std::unique_ptr<ToMta> to_mta_;
  std::unique_ptr<Submission> submission_;
  std::vector<std::unique_ptr<net::Listener>> listeners_;
  std::unique_ptr<proto::ControlServer> control_;
  Fd metrics_port_;  ///< until metrics_ has it
  std::unique_ptr<daemon::SelfAudit> audit_;
  std::unique_ptr<daemon::MetricsServer> metrics_;
};

}  // namespace
}  // namespace futar::msa

int main(int argc, char** argv) {
  return futar::daemon::run(argc, argv, "msa", [](futar::daemon::Environment& environment) {
    return std::make_unique<futar::msa::Msa>(environment);
  });
}
