#include <doctest/doctest.h>

#include "common/config/config.h"
#include "common/daemon/exposition.h"
#include "common/daemon/figures.h"
#include "common/daemon/metrics_server.h"
#include "common/daemon/self_audit.h"
#include "tests/fakes/run.h"
#include "tests/fakes/stream.h"

using namespace futar;
using namespace futar::daemon;

namespace {

struct Pages {
  Result<std::string> metrics = std::string("futar_up 1\n");
  std::string trouble;
  net::Loop loop;

  /// What the client hears; it sends each piece after a while.
  std::string ask(std::vector<std::string> pieces, bool expires = false) {
    MetricsPages pages{[this]() -> Task<Result<std::string>> { co_return metrics; },
                       [this] { return trouble; }};
    auto [client, server] = net::FakeStream::make_pair(loop);
    net::FakeStream* watched = server.get();
    bool ended = false;
    loop.spawn("server", [](std::unique_ptr<net::Stream> s, MetricsPages& p, bool& e) -> Task<> {
      co_await answer_metrics(std::move(s), p);
      e = true;
    }(std::move(server), pages, ended));
    std::string heard;
    run_task(loop,
             [](net::FakeStream& c, std::vector<std::string>& all, net::FakeStream* s, bool late,
                std::string& out) -> Task<> {
               char buffer[4096];
               try {
                 for (const std::string& piece : all) co_await c.write(piece);
                 if (late) s->expire();
                 while (true) out.append(buffer, co_await c.read(buffer, sizeof buffer));
               } catch (const net::StreamClosed&) {
                 // The server has said what there was to say.
               }
             }(*client, pieces, watched, expires, heard));
    CHECK(run_until(loop, [&] { return ended; }));
    return heard;
  }
  std::string get(const std::string& path, const std::string& method = "GET") {
    return ask({method + " " + path + " HTTP/1.1\r\nHost: x\r\n\r\n"});
  }
};

}  // namespace

TEST_CASE("figures stand in the text format of Prometheus, each name told once") {
  Exposition told("mta");
  told.gauge("futar_queue_recipients", "Recipients that wait.", 3, {{"state", "waiting"}})
      .gauge("futar_queue_recipients", "Recipients that wait.", 0.5, {{"state", "he\"ld\\\n"}})
      .counter("futar_accepted_total", "Messages.", 18446744073709551615u);
  CHECK(told.text() ==
        "# HELP futar_queue_recipients Recipients that wait.\n"
        "# TYPE futar_queue_recipients gauge\n"
        "futar_queue_recipients{agent=\"mta\",state=\"waiting\"} 3\n"
        "futar_queue_recipients{agent=\"mta\",state=\"he\\\"ld\\\\\\n\"} 0.5\n"
        "# HELP futar_accepted_total Messages.\n"
        "# TYPE futar_accepted_total counter\n"
        "futar_accepted_total{agent=\"mta\"} 18446744073709551615\n");
}

TEST_CASE("the figures of several links are grouped by name, as the format demands") {
  Exposition told("mta");
  add_links(told, {{"msa", true, 5, 1}, {"mda", false, 0, 0}});
  CHECK(
      told.text().contains("futar_link_up{agent=\"mta\",peer=\"msa\"} 1\n"
                           "futar_link_up{agent=\"mta\",peer=\"mda\"} 0\n# HELP"));
}

TEST_CASE("an agent counts its mail again and again, and tells the last count once there is one") {
  net::Loop loop;
  size_t asked = 0;
  SelfAudit audit(loop, system_clock(),
                  [&]() -> Task<Result<size_t>> {
                    if (++asked == 1) co_return fail(Error::temporary("busy"));
                    co_return asked;
                  },
                  {.first_ms = 1, .every_ms = 1});
  Exposition before("mta"), after("mta");
  audit.add_to(before);
  CHECK(before.text() == "");
  audit.start();
  CHECK(run_until(loop, [&] { return audit.unaccounted() == 3; }));
  audit.add_to(after);
  CHECK(after.text().contains("futar_unaccounted{agent=\"mta\"} 3\n"));
  CHECK(after.text().contains("futar_audit_time_seconds{agent=\"mta\"} "));
}

TEST_CASE("a histogram counts up: each bucket holds those below it, +Inf all") {
  Histogram times;
  for (int64_t ms : {-5, 0, 1, 2, 100, 101, 100'000'000}) times.observe_ms(ms);
  Exposition told("msa");
  told.histogram("futar_commit_seconds", "Time.", times);
  const std::string& text = told.text();
  const auto has = [&](const std::string& line) {
    return text.contains("futar_commit_seconds_" + line + "\n");
  };
  CHECK(has("bucket{agent=\"msa\",le=\"0.001\"} 3"));
  CHECK(has("bucket{agent=\"msa\",le=\"0.003\"} 4"));
  CHECK(has("bucket{agent=\"msa\",le=\"0.1\"} 5"));
  CHECK(has("bucket{agent=\"msa\",le=\"0.3\"} 6"));
  CHECK(has("bucket{agent=\"msa\",le=\"86400\"} 6"));
  CHECK(has("bucket{agent=\"msa\",le=\"+Inf\"} 7"));
  CHECK(has("sum{agent=\"msa\"} 100000.204"));
  CHECK(has("count{agent=\"msa\"} 7"));
}

TEST_CASE("metrics, health and readiness are answered, and nothing else") {
  Pages pages;
  const std::string metrics = pages.get("/metrics?x=1");
  CHECK(metrics.starts_with("HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4"));
  CHECK(metrics.contains("Content-Length: 11\r\n"));
  CHECK(metrics.ends_with("\r\n\r\nfutar_up 1\n"));
  CHECK(pages.get("/metrics", "HEAD").ends_with("\r\n\r\n"));
  CHECK(pages.get("/healthz").ends_with("ok\n"));
  CHECK(pages.get("/readyz").starts_with("HTTP/1.1 200 "));
  pages.trouble = "mta is away";
  CHECK(pages.get("/readyz").starts_with("HTTP/1.1 503 "));
  CHECK(pages.get("/readyz").ends_with("mta is away\n"));
  CHECK(pages.get("/healthz").starts_with("HTTP/1.1 200 "));
  CHECK(pages.get("/").starts_with("HTTP/1.1 404 "));
  CHECK(pages.get("/metrics", "POST").starts_with("HTTP/1.1 405 "));
  pages.metrics = fail(Error::temporary("the disk is slow"));
  CHECK(pages.get("/metrics").starts_with("HTTP/1.1 503 "));
}

TEST_CASE(
    "a request may come in pieces; what is none, is too long or never ends takes bounded room and time") {
  Pages pages;
  CHECK(pages.ask({"GET /hea", "lthz HTTP/1.0\r", "\n\r\n"}).starts_with("HTTP/1.1 200 "));
  for (const char* junk :
       {"\r\n\r\n", "EHLO x\r\n\r\n", "GET /metrics\r\n\r\n", "GET /metrics FTP/1.1\r\n\r\n"})
    CHECK(pages.ask({junk}).starts_with("HTTP/1.1 400 "));
  CHECK(pages.ask({"GET /metrics HTTP/1.1\r\nX: " + std::string(20'000, 'x')}).starts_with("HTTP/1.1 400 "));
  CHECK(pages.ask({"GET /metr"}, true) == "");
}

TEST_CASE("a metrics port that is taken is done without; none is none") {
  PassedSockets passed;
  auto config = *config::Config::parse("[metrics]\nmta = \"127.0.0.1:0\"\nmsa = \"\"\n", "x.toml");
  Fd bound = bind_metrics(config, "mta", passed);
  REQUIRE(bound.is_open());
  const auto endpoint = *net::local_endpoint(bound);
  CHECK_FALSE(bind_metrics(config, "msa", passed).is_open());
  auto same = *config::Config::parse("[metrics]\nmda = \"" + endpoint.text() + "\"\n", "x.toml");
  CHECK_FALSE(bind_metrics(same, "mda", passed).is_open());
}
