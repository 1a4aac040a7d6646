// futar-mta: wires the queue, port 25 and the two links. No logic.
#include "common/config/paths.h"
#include "common/daemon/daemon.h"
#include "common/daemon/event_log.h"
#include "common/daemon/figures.h"
#include "common/daemon/listeners.h"
#include "common/daemon/metrics_server.h"
#include "common/daemon/self_audit.h"
#include "common/daemon/tls.h"
#include "common/dmarc/organisation.h"
#include "common/log/log.h"
#include "common/net/interfaces.h"
#include "common/net/listener.h"
#include "common/smtp/replies.h"
#include "common/smtp_server/session.h"
#include "common/spf/engines.h"
#include "common/spf/helper.h"
#include "common/spf/helper_process.h"
#include "common/spool/refusals.h"
#include "common/zmq/context.h"
#include "mta/audit_verbs.h"
#include "mta/from_msa/from_msa.h"
#include "mta/metrics.h"
#include "mta/outbound/ourselves.h"
#include "mta/queue/replan.h"
#include "mta/queue/restored_store.h"
#include "mta/queue/retention.h"
#include "mta/reports/report_store.h"
#include "mta/settings.h"
#include "mta/sign/look.h"
#include "mta/sign/selector_store.h"
#include "mta/srs/keys.h"
#include "mta/to_mda/to_mda.h"
#include "mta/trail/trail.h"
#include "mta/verbs.h"
#include "proto/control/control.h"

namespace futar::mta {
namespace {

constexpr int64_t stop_grace_ms = 10'000;
constexpr size_t worker_threads = 8;

class Mta final : public daemon::Agent {
 public:
  /// `spf_process`: the socket of spf::start_helper(), or none.
  Mta(daemon::Environment& environment, Fd spf_process)
      : env_(environment),
        config_(environment.config),
        zmq_(environment.loop),
        ballast_(environment.state_folder + "/ballast"),
        spf_process_(std::move(spf_process)) {}

  Result<void> bind() override {
    bound_ = TRY(daemon::bind_listeners(config_.list("mta.listen"), env_.passed));
    metrics_port_ = daemon::bind_metrics(config_, "mta", env_.passed);
    tls_ = TRY(daemon::open_tls(env_));
    return {};
  }

  Result<void> start() override {
    TRY(open_directory());
    workers_ = std::make_unique<net::Workers>(env_.loop, worker_threads, "mta-worker");
    spool_ = TRY(spool::Folder::open(env_.state_folder + "/spool", env_.loop, *workers_));
    TRY(open_queue());
    TRY(open_outbound());
    open_signing();
    TRY(start_links());
    queue_->start();
    outbound_->start();
    if (config_.text("mta.ip") == "auto" && queue_->options().route.remote == Remote::direct)
      env_.loop.spawn("mta.ip", allow_ipv6_when_proven());
    TRY(start_port_25());
    start_metrics();
    control_ = std::make_unique<proto::ControlServer>(env_.loop, zmq_,
                                                      config::control_endpoint(config_, "mta"), verbs());
    return control_->start();
  }

  Task<Result<void>> reload() override {
    CO_TRY(env_.check_reload());
    CO_TRY(tls_->reload());
    CO_TRY(open_directory());
    CO_TRY(trusted_->reload());
    keyring_->look_now();
    if (egress_) egress_->forget();
    queue_->wake();
    co_return Result<void>();
  }

  Task<> stop() override {
    for (auto& listener : listeners_) co_await listener->stop(stop_grace_ms);
    co_await refusals_->stop();
    trail_->stop();
    retention_->stop();
    co_await from_msa_->stop();
    co_await outbound_->stop(stop_grace_ms);
    co_await policies_->flush();
    queue_->stop();
    keyring_->stop();
    co_await to_mda_->stop();
    co_await control_->stop(proto::last_answers_ms);
  }

 private:
  Result<void> open_directory() {
    directory_ =
        TRY(directory::Directory::open(config::published_folder(config_), config_.text("mda.subaddress")));
    return {};
  }

  Result<void> open_queue() {
    const std::string path = env_.state_folder + "/mta.db";
    auto database = TRY(store::Database::open(path, store::Database::Mode::create));
    TRY(store::migrate(*database, queue_schema));
    TRY(create_sts_tables(*database));
    TRY(create_report_tables(*database));
    TRY(spool::create_refused_table(*database));
    TRY(create_selector_tables(*database));
    selectors_ = TRY(load_selectors(*database));
    instance_ = TRY(instance_of(*database));
    {
      auto transaction = TRY(store::Transaction::begin(*database));
      TRY(return_in_flight(*database, Flights::all));
      TRY(transaction.commit());
    }
    TRY(store::adopt_restored(*database, env_.state_folder, adopt_restored));
    return_paths_ = std::make_shared<const srs::Keys>(TRY(srs::load_keys(env_.state_folder + "/srs.key")));
    QueueOptions options = TRY(settings::queue(config_, return_paths_));
    options.logged = daemon::log_events;
    options.delivery_epoch = TRY(delivery_epoch(*database));
    if (const size_t count = TRY(replan(*database, options.route, *directory_, system_clock().wall_ms())))
      log::info("{} recipients that wait go another way by the new config", count);
    const size_t swept = TRY(spool_->sweep([&](std::string_view name) {
      return spool::has_file(*database, name).value_or(true);  // when in doubt a file stays
    }));
    if (swept > 0) log::info("{} body files of messages that were never accepted removed", swept);
    writer_ = std::make_unique<store::Writer>(env_.loop, std::move(database), [this](Error error) {
      spool_->freeze();
      env_.end(daemon::exit_io, "mta.db: " + error.text);
    });
    if (auto filled = ballast_.fill(); !filled)
      log::warning("no ballast against a full disk: {}", filled.error().text);
    writer_->when_full([this] { return ballast_.release(); });
    reader_ = std::make_unique<store::Reader>(env_.loop, *writer_);
    question_reader_ = std::make_unique<store::Reader>(env_.loop, *writer_);
    audit_reader_ = std::make_unique<store::Reader>(env_.loop, *writer_);
    refusals_ = std::make_unique<spool::Refusals>(env_.loop, *writer_, system_clock(),
                                                  config_.duration_ms("trace.keep_refused"));
    refusals_->start();
    trail_reader_ = std::make_unique<store::Reader>(env_.loop, *writer_);
    trail_ = std::make_unique<trail::Keeper>(env_.loop, *writer_, *trail_reader_);
    trail_->start();
    checkpointer_ = std::make_unique<store::Checkpointer>(path);
    low_water_ =
        std::make_unique<store::LowWater>(env_.state_folder, store::low_water_default, system_clock());
    queue_ = std::make_unique<Queue>(env_.loop, *workers_, *writer_, *reader_, *spool_, system_clock(),
                                     std::move(options), directory_now());
    retention_ = history_retention(env_.loop, *writer_, *queue_, {config_.duration_ms("trace.keep")});
    retention_->start();
    return {};
  }

  Queue::DirectoryNow directory_now() {
    return [this]() -> const directory::Directory& { return *directory_; };
  }

  Result<void> open_outbound() {
    resolver_ = TRY(dns::Unbound::open(env_.loop, settings::dns(config_)));
    trusted_ = TRY(net::TlsContext::client(settings::trusted_file(config_)));
    policies_ = std::make_unique<TlsPolicies>(env_.loop, *resolver_, *trusted_, *writer_, *reader_,
                                              system_clock(), TRY(settings::policies(config_)));
    way_ = std::make_unique<Way>(env_.loop, *resolver_, *policies_, *trusted_, *workers_, system_clock(),
                                 TRY(settings::way(config_)));
    remote_queue_ = std::make_unique<RemoteQueue>(env_.loop, *queue_, *reader_);
    open_spf();
    OutboundOptions options = TRY(settings::outbound(config_, return_paths_, directory_now()));
    options.egress = open_egress();
    outbound_ = std::make_unique<Outbound>(env_.loop, *remote_queue_, *way_, *spool_, system_clock(),
                                           std::move(options));
    return {};
  }

  // Null when our own mail is not looked at.
  Egress* open_egress() {
    EgressOptions options = settings::egress(config_);
    if (options.mode == EgressMode::off) return nullptr;
    options.is_ours = [this](const std::string& domain) {
      return !signing_domain(*directory_, domain).empty();
    };
    options.key_record = [this](const std::string& domain, const std::string& selector) {
      for (const Selector& one : keyring_->selectors())
        if (one.domain == domain && one.selector == selector) return one.record;
      return std::string();
    };
    dmarc::load_public_suffixes();
    egress_ = std::make_unique<Egress>(env_.loop, *resolver_, *spool_, system_clock(), libspf2_.get(),
                                       std::move(options));
    return egress_.get();
  }

  // Where nothing leaves, nobody can see a key, and none is made.
  void open_signing() {
    const bool asks = !settings::dns(config_).servers.empty();
    eyes_ = std::make_unique<DnsEyes>(
        *resolver_, [this](std::string server, std::string zone, std::string name, dns::Type type) {
          return resolver_->ask_server(std::move(server), std::move(zone), std::move(name), type);
        });
    keyring_ = std::make_unique<Keyring>(
        env_.loop, *workers_, *writer_, system_clock(), directory_now(),
        [this](Selector selector) { return look(*eyes_, std::move(selector)); },
        KeyringOptions{.folder = env_.state_folder + "/dkim",
                       .make_missing = asks,
                       .look = asks,
                       .lifetime_s = settings::signature_lifetime_s(config_)});
    keyring_->load(std::move(selectors_));
    signer_ = std::make_unique<MailSigner>(*keyring_, *workers_, *spool_, system_clock(), directory_now());
    queue_->set_signer(*signer_);
    sealer_ =
        std::make_unique<ForwardSealer>(*keyring_, *workers_, *spool_, system_clock(), config_.hostname());
    remote_queue_->set_sealer(*sealer_);
    keyring_->start();
  }

  void open_spf() {
    if (spf_process_.is_open()) libspf2_ = std::make_unique<spf::Helper>(env_.loop, std::move(spf_process_));
    const auto choice = spf::choice(config_.text("mta.spf_engine")).value_or(spf::Choice::native);
    if (choice != spf::Choice::native && !libspf2_)
      log::warning("libspf2 has no process to run in: SPF is judged by our own engine alone");
    spf_ = std::make_unique<spf::Engines>(env_.loop, *resolver_, choice, libspf2_.get());
  }

  Task<> allow_ipv6_when_proven() {
    co_await until_ipv6_is_proven(env_.loop, *resolver_, net::interface_addresses);
    way_->allow_ipv6();
    if (egress_) egress_->allow_ipv6();
    log::info("mail goes out by IPv6, too: our address has a name that leads back to it");
  }

  proto::LinkOptions link_options(std::string endpoint, const std::string& role) const {
    proto::LinkOptions options;
    options.endpoint = std::move(endpoint);
    options.instance = instance_;
    options.started_ms = env_.started_ms;
    options.curve = zmq::curve_keys_in(config_.text("link.keys"), "mta", role);
    return options;
  }

  Result<void> start_links() {
    from_msa_ = std::make_unique<proto::SubmissionReceiver>(
        env_.loop, zmq_, link_options(config::submission_link(config_), "submission"),
        submission_sink(*queue_, *spool_));
    to_mda_ = std::make_unique<ToMda>(
        env_.loop, zmq_, link_options(config::delivery_link(config_), "delivery"), *queue_, *spool_);
    TRY(to_mda_->start());
    return from_msa_->start();
  }

  Result<void> start_port_25() {
    InboundOptions options = TRY(settings::inbound(config_));
    if (!settings::dns(config_).servers.empty()) {
      dmarc::load_public_suffixes();
      judges_ = std::make_unique<Judges>(Judges{.loop = env_.loop,
                                                .resolver = *resolver_,
                                                .spool = *spool_,
                                                .clock = system_clock(),
                                                .spf = *spf_,
                                                .dmarc = options.dmarc != verdict::DmarcMode::off});
    }
    reports_ =
        std::make_unique<Intake>(env_.loop, *workers_, *writer_, *spool_, system_clock(), directory_now());
    inbound_ = std::make_unique<Inbound>(Inbound{
        std::move(options), *queue_, directory_now(), to_mda_->mailboxes(), *low_water_, tls_,
        [this](std::vector<event::Event> events, const MessageId& id) {
          daemon::log_events(id, events);
          refusals_->add(id, std::move(events));
        },
        judges_.get(), reports_.get(), net::HiddenClients(net::hiding_gateways(config_.text("container")))});
    net::ListenerOptions limits;
    limits.sessions = static_cast<size_t>(config_.number("mta.sessions"));
    limits.sessions_per_client = static_cast<size_t>(config_.number("mta.sessions_per_client"));
    limits.unlimited = [this](const net::IpAddress& client) {
      return client.is_loopback() || inbound_->may_relay(client) || inbound_->hidden.covers(client);
    };
    limits.proxies = TRY(daemon::networks(config_.list("mta.proxy_from")));
    limits.over_limit_reply = smtp::replies::too_many_connections().wire();
    for (daemon::Bound& bound : bound_) {
      listeners_.push_back(std::make_unique<net::Listener>(
          env_.loop, std::move(bound.socket), limits, [this](std::unique_ptr<net::Stream> stream) {
            return smtp_server::serve(std::move(stream), inbound_policy(*inbound_), *spool_, system_clock(),
                                      {});
          }));
      listeners_.back()->start();
    }
    return {};
  }

  void start_metrics() {
    audit_ = std::make_unique<daemon::SelfAudit>(env_.loop, system_clock(),
                                                 [this] { return count_problems(subjects()); });
    audit_->start();
    metrics_ = std::make_unique<daemon::MetricsServer>(
        env_.loop, std::move(metrics_port_),
        daemon::MetricsPages{[this] {
                               return metrics({subjects(), *inbound_, *audit_,
                                               [this] { return daemon::connections(listeners_); }});
                             },
                             [this] { return low_water_->reached() ? "the disk is nearly full" : ""; }});
    metrics_->start();
  }

  std::map<std::string, proto::Verb> verbs() { return control_verbs(subjects()); }

  Subjects subjects() {
    return {env_,
            *queue_,
            *question_reader_,
            *audit_reader_,
            *writer_,
            *from_msa_,
            *to_mda_,
            [this] { return net::sessions(listeners_); },
            [this] { return reload(); },
            directory_now(),
            *outbound_,
            *way_,
            *resolver_,
            *keyring_,
            *refusals_,
            *spf_,
            egress_.get(),
            inbound_->hidden};
  }

  daemon::Environment& env_;
  const config::Config& config_;
  std::vector<daemon::Bound> bound_;
  std::shared_ptr<net::TlsContext> tls_;
  zmq::Context zmq_;
  std::string instance_;
  std::unique_ptr<directory::Directory> directory_;
  // Destroyed from the last to the first: sessions before the queue, the queue before its threads.
  std::unique_ptr<net::Workers> workers_;
  std::unique_ptr<spool::Folder> spool_;
  store::Ballast ballast_;
  std::unique_ptr<store::LowWater> low_water_;
  std::unique_ptr<store::Checkpointer> checkpointer_;
  std::unique_ptr<store::Writer> writer_;
  std::unique_ptr<store::Reader> reader_;  ///< of the mail itself
  std::unique_ptr<store::Reader> question_reader_, audit_reader_, trail_reader_;
  std::unique_ptr<spool::Refusals> refusals_;
  std::unique_ptr<trail::Keeper> trail_;
  std::shared_ptr<const srs::Keys> return_paths_;
  std::vector<Selector> selectors_;  ///< as mta.db had them at the start
  std::unique_ptr<dns::Unbound> resolver_;
  std::unique_ptr<DnsEyes> eyes_;
  std::unique_ptr<Keyring> keyring_;
  std::unique_ptr<MailSigner> signer_;
  std::unique_ptr<ForwardSealer> sealer_;
  std::unique_ptr<Queue> queue_;
  std::unique_ptr<spool::Retention> retention_;
  std::shared_ptr<net::TlsContext> trusted_;
  std::unique_ptr<TlsPolicies> policies_;
  std::unique_ptr<Way> way_;
  std::unique_ptr<RemoteQueue> remote_queue_;
  Fd spf_process_;  ///< until libspf2_ has it
  std::unique_ptr<spf::Helper> libspf2_;
  std::unique_ptr<spf::Engines> spf_;
  std::unique_ptr<Egress> egress_;
  std::unique_ptr<Outbound> outbound_;
  std::unique_ptr<proto::SubmissionReceiver> from_msa_;
  std::unique_ptr<ToMda> to_mda_;
  std::unique_ptr<Judges> judges_;
  std::unique_ptr<Intake> reports_;
  std::unique_ptr<Inbound> inbound_;
  std::vector<std::unique_ptr<net::Listener>> listeners_;
  std::unique_ptr<proto::ControlServer> control_;
  Fd metrics_port_;  ///< until metrics_ has it
  std::unique_ptr<daemon::SelfAudit> audit_;
  std::unique_ptr<daemon::MetricsServer> metrics_;
};

}  // namespace
}  // namespace futar::mta

int main(int argc, char** argv) {
  futar::Fd socket;
  // Before all else that serves: what libspf2's process does not have it cannot give away.
  const auto start_libspf2 = [&] {
    auto libspf2 = futar::spf::start_helper();
    if (libspf2)
      socket = *std::move(libspf2);
    else
      std::fprintf(stderr, "futar-mta: no process for libspf2: %s\n", libspf2.error().text.c_str());
  };
  const auto make = [&](futar::daemon::Environment& environment) {
    return std::make_unique<futar::mta::Mta>(environment, std::move(socket));
  };
  return futar::daemon::run(argc, argv, "mta", make, start_libspf2);
}
