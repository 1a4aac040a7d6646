// Servers that misbehave at every stage and at every octet: what becomes of the mail.
#include "tests/mta/outbound/outbound_fixture.h"

using namespace futar;
using namespace futar::mta;
using Answer = ScriptedPeer::Answer;
using Then = Answer::Then;
using Reason = net::StreamClosed::Reason;

namespace {

constexpr int64_t minute = 60'000;
constexpr size_t said_at_most = 128 * 1024;  ///< to a client that must hang up

const std::string out_of_step = "a good reply of the wrong kind";

struct Misdeed {
  std::string name;
  Answer answer;
};

// The columns of the table below.
const Misdeed misdeeds[] = {
    {"4yz", {"450 4.3.2 later\r\n"}},
    {"5yz", {"550-5.7.1 no\r\n550 5.7.1 never\r\n"}},
    {"421", {"421 4.3.2 bye\r\n"}},
    {"421 and gone", {"421 4.3.2 bye\r\n", Then::close}},
    {"silence", {"", Then::stall}},
    {"half a reply, then silence", {"250-x\r\n250", Then::stall}},
    {"hangs up", {"", Then::close}},
    {"hangs up in a reply", {"250 2.0.0 o", Then::close}},
    {"no reply at all", {"HTTP/1.1 200 OK\r\n"}},
    {"two codes", {"250-a\r\n550 b\r\n"}},
    {"an endless reply", {"250-more\r\n", Then::endless}},
    {"an endless line", {std::string(64, '2'), Then::endless}},
    {"NUL", {std::string("250 a\0b\r\n", 9)}},
    {out_of_step, {}},
};

/// What is expected.
enum : char {
  relayed = 'R',   ///< by the host that misbehaves
  in_clear = 'C',  ///< by the same, on a second connection without TLS
  next = 'N',      ///< the next host gets it; without one the whole destination waits
  later = 'L',     ///< the recipient waits, the destination does not; no other host is asked
  doubtful = 'D',  ///< the same, and on record is that the server may have it
  bounced = 'B',
};

enum class Setting { plain, with_tls, after_tls, with_bdat };

struct Place {
  std::string key;       ///< of the peer's script
  std::string expected;  ///< a letter for each misdeed
  Setting setting = Setting::plain;
};

const Place places[] = {
    {"greeting", "NNNNNNNNNNNNNN"},
    {"EHLO", "NRNNNNNNNNNNNN"},  // refused for good: HELO
    {"STARTTLS", "RRCCCCCCCCCCCC", Setting::with_tls},
    {"EHLO", "NRNNNNNNNNNNNN", Setting::after_tls},
    {"MAIL", "LBNNNNNNNNNNNN"},
    {"RCPT TO:<b", "LBNNNNNNNNNNNN"},
    {"DATA", "LBNNNNNNNNNNNN"},
    {".", "LBLLDDDDDDDDDD"},
    {"BDAT", "LBLLDDDDDDDDDD", Setting::with_bdat},
};

struct Cell {
  std::string what, domain;
  char expected = next;
  bool alone = false;   ///< there is no second host
  bool only_b = false;  ///< the other recipient was accepted
  Server *first = nullptr, *second = nullptr;
};

/// Many destinations at once, each with servers of its own.
struct Table : OutboundFixture {
  std::vector<Cell> cells;

  Cell& add(std::string what, char expected, bool alone) {
    const size_t n = cells.size();
    Cell cell{std::move(what), fmt::format("d{}.example", n), expected, alone};
    const auto host = [&](int preference) -> Server* {
      const std::string name = fmt::format("mx{}.{}", preference, cell.domain);
      resolver.add(fmt::format("{} MX {} {}", cell.domain, preference, name));
      return &add_server(name, fmt::format("10.{}.{}.{}", n / 250, n % 250, preference));
    };
    cell.first = host(1);
    if (!alone) cell.second = host(2);
    cells.push_back(cell);
    return cells.back();
  }

  void send_to_all() {
    for (const Cell& cell : cells)
      REQUIRE(accept(message({"a@" + cell.domain, "b@" + cell.domain})).has_value());
    REQUIRE(wait_until_tried());
    check_record();
  }
  /// Five minutes later, when all servers behave.
  void send_again() {
    clock.advance_ms(5 * minute);
    wake();
    REQUIRE(wait_until_tried());
    check_record();
  }

  void check_relayed(const Recipient& r, const Server& by, std::string_view host) {
    CHECK(r.state == State::relayed);
    CHECK(r.remote_host.starts_with(host));
    CHECK(by.peer.messages.size() == 1);
  }

  void check_first(const Cell& cell, const Recipient& r) {
    switch (cell.expected) {
      case relayed:
      case in_clear:
        check_relayed(r, *cell.first, "mx1.");
        CHECK(cell.first->peer.connections == (cell.expected == relayed ? 1 : 2));
        break;
      case next:
        CHECK(cell.first->peer.messages.empty());
        if (cell.alone)
          check_waits(r, 1);
        else
          check_relayed(r, *cell.second, "mx2.");
        break;
      case later:
      case doubtful:
        check_waits(r, 0);
        CHECK(cell.first->peer.connections == 1);
        CHECK(r.reason.contains("it may have it") == (cell.expected == doubtful));
        break;
      case bounced:
        CHECK(r.state == State::bounced);
        CHECK(r.status == "5.7.1");
        break;
    }
    CHECK(cell.first->peer.said.size() < said_at_most);
    if (cell.second && cell.expected != next) CHECK(cell.second->peer.connections == 0);
  }
  void check_waits(const Recipient& r, int destination_failures) {
    CHECK(r.state == State::waiting);
    CHECK(r.attempts == 1);
    CHECK(r.due_ms == clock.wall_ms() + 5 * minute);
    CHECK_FALSE(r.reason.empty());
    CHECK(destination(r.destination).failures == destination_failures);
  }

  void run() {
    start();
    send_to_all();
    auto all = recipients();
    uint64_t in_doubt = 0;
    for (const Cell& cell : cells) {
      CAPTURE(cell.what);
      CAPTURE(cell.alone);
      check_first(cell, all.at("b@" + cell.domain));
      const bool by_itself = cell.only_b && cell.expected != next;
      if (by_itself) CHECK(all.at("a@" + cell.domain).state == State::relayed);
      if (!by_itself) check_first(cell, all.at("a@" + cell.domain));
      in_doubt += cell.expected == doubtful ? 2 : 0;
    }
    CHECK(queue->counts().doubtful == in_doubt);
    for (const Cell& cell : cells) cell.first->connect_failure = cell.first->tls_failure = "";
    send_again();
    all = recipients();
    for (const Cell& cell : cells) {
      CAPTURE(cell.what);
      CAPTURE(cell.alone);
      const State end = cell.expected == bounced ? State::bounced : State::relayed;
      CHECK(all.at("b@" + cell.domain).state == end);
      if (!cell.only_b) CHECK(all.at("a@" + cell.domain).state == end);
    }
  }
};

const std::string hello_with_tls = "250-peer.example\r\n250-PIPELINING\r\n250 STARTTLS\r\n";

void prepare(Server& server, const Place& place, Answer answer) {
  auto& answers = server.peer.script[place.key];
  if (place.setting == Setting::with_tls || place.setting == Setting::after_tls)
    server.peer.keywords.push_back("STARTTLS");
  if (place.setting == Setting::after_tls) answers.push_back({hello_with_tls});
  if (place.setting == Setting::with_bdat) server.peer.keywords.push_back("CHUNKING");
  answers.push_back(std::move(answer));
}

}  // namespace

TEST_CASE("whatever a server does at whatever stage, each recipient has one state and none is lost") {
  Table table;
  for (const Place& place : places)
    for (size_t i = 0; i < std::size(misdeeds); ++i)
      for (const bool alone : {false, true}) {
        Answer answer = misdeeds[i].answer;
        if (misdeeds[i].name == out_of_step)
          answer = {place.key == "DATA" ? "250 2.0.0 ok\r\n" : "354 go ahead\r\n"};
        Cell& cell = table.add(place.key + ": " + misdeeds[i].name, place.expected.at(i), alone);
        cell.only_b = place.key == "RCPT TO:<b";
        prepare(*cell.first, place, std::move(answer));
      }
  for (const bool alone : {false, true}) {
    for (const char* failure : {"Connection refused", "timeout"})
      table.add(failure, next, alone).first->connect_failure = failure;
    for (const Reason reason : {Reason::tls_failed, Reason::peer_closed, Reason::reset, Reason::deadline}) {
      Server& server =
          *table.add(fmt::format("the handshake ends by {}", static_cast<int>(reason)), in_clear, alone)
               .first;
      server.peer.keywords.push_back("STARTTLS");
      server.tls_failure = "no handshake";
      server.tls_failed_by = reason;
    }
  }
  table.run();
}

TEST_CASE(
    "a session that ended with the last message is no reason to call again, nor to wait with the others") {
  Table table;
  Cell& cell = table.add("421", later, true);
  cell.first->peer.script["."] = {{"421 4.3.2 bye\r\n"}};
  cell.first->connections = 1;
  table.start();
  table.send_to_all();
  const Recipient r = table.recipients().at("a@" + cell.domain);
  CHECK(table.destination(r.destination).failures == 0);
  CHECK(table.tries.size() == 1);
}

TEST_CASE("where TLS is required no broken handshake leads to mail in clear") {
  Table table;
  table.policy_options.wishes["*"] = TlsWish::require;
  for (const bool alone : {false, true})
    for (const Reason reason : {Reason::tls_failed, Reason::peer_closed, Reason::reset, Reason::deadline}) {
      Cell& cell = table.add(fmt::format("the handshake ends by {}", static_cast<int>(reason)), next, alone);
      cell.first->tls_failure = "no handshake";
      cell.first->tls_failed_by = reason;
      for (Server* server : {cell.first, cell.second})
        if (server) server->peer.keywords.push_back("STARTTLS");
    }
  table.run();
  for (const Cell& cell : table.cells)
    for (const Server* server : {cell.first, cell.second})
      if (server && !server->peer.messages.empty()) CHECK(server->peer.heard.contains("STARTTLS"));
}

namespace {

/// First both addresses of the smart host misbehave, five minutes later one.
void log_in_against(const Misdeed& misdeed) {
  CAPTURE(misdeed.name);
  const HostUrl url = *config::parse_host_url("smtp+tls://smart.example");
  OutboundFixture f({.smart_host = url});
  f.way_options.smart_host = url.text();
  f.way_options.smart_host_user = "user";
  f.way_options.secret = [] { return Result<std::string>("secret"); };
  const Answer answer = misdeed.name == out_of_step ? Answer{"354 go ahead\r\n"} : misdeed.answer;
  ScriptedPeer &first = f.add_server("smart.example", "10.0.0.1").peer,
               &second = f.add_server("smart.example", "10.0.0.2").peer;
  for (ScriptedPeer* peer : {&first, &second}) peer->keywords = {"STARTTLS", "AUTH PLAIN"};
  first.script["AUTH"] = {answer, answer};
  second.script["AUTH"] = {answer};
  f.start();
  REQUIRE(f.accept(f.message({"b@remote.example"})).has_value());
  REQUIRE(f.wait_until_tried());
  f.check_record();
  CHECK(f.tries.size() == 2);
  const Recipient r = f.recipients().at("b@remote.example");
  CHECK(r.state == State::waiting);
  CHECK(r.attempts == 1);
  CHECK(first.said.size() < said_at_most);
  f.clock.advance_ms(5 * minute);
  f.wake();
  REQUIRE(f.wait_until_tried());
  CHECK(f.recipients().at("b@remote.example").state == State::relayed);
  CHECK(first.messages.empty());
  CHECK(second.messages.size() == 1);
}

}  // namespace

TEST_CASE("a login that fails in whatever way returns no mail: the next address, or it waits") {
  for (const Misdeed& misdeed : misdeeds) log_in_against(misdeed);
}

namespace {

/// A dialogue to be cut.
struct GoodTalk {
  const char* name;
  std::vector<std::string> keywords;
};

const GoodTalk dialogues[] = {
    {"step by step", {}},
    {"in groups, over TLS", {"PIPELINING", "STARTTLS"}},
    {"by BDAT", {"CHUNKING"}},
};

/// Where in the octets of a good run the server has asked for the content, has got all of it, has taken it.
struct Marks {
  size_t invited = 0, dot_sent = 0, replied = 0, heard = 0, said = 0;
};

Marks marks_of(const GoodTalk& dialogue) {
  Table good;
  const Cell& cell = good.add(dialogue.name, relayed, true);
  cell.first->peer.keywords = dialogue.keywords;
  good.run();
  const ScriptedPeer& peer = cell.first->peer;
  const std::string invitation =
      dialogue.keywords == dialogues[2].keywords ? "250 2.1.5 ok\r\n" : "354 go ahead\r\n";
  return {peer.said.rfind(invitation) + invitation.size(), peer.heard.find("QUIT"), peer.said.find("221 "),
          peer.heard.size(), peer.said.size()};
}

char expected_of(const ScriptedPeer& peer, const Marks& marks) {
  if (peer.said.size() >= marks.replied) return relayed;
  if (peer.sent >= marks.dot_sent) return doubtful;
  return peer.said.size() >= marks.invited ? later : next;
}

}  // namespace

TEST_CASE("a dialogue cut at every octet, in both directions: no mail is lost, none is sent twice unsaid") {
  for (const GoodTalk& dialogue : dialogues) {
    const Marks marks = marks_of(dialogue);
    REQUIRE(marks.invited < marks.replied);
    Table table;
    const auto add = [&](const std::string& what) -> ScriptedPeer& {
      Server& server = *table.add(what, next, false).first;
      server.connections = 1;
      server.peer.keywords = dialogue.keywords;
      return server.peer;
    };
    for (size_t at = 0; at < marks.heard; ++at)
      add(fmt::format("{}: heard {}", dialogue.name, at)).hear_at_most = at;
    for (size_t at = 0; at < marks.said; ++at)
      add(fmt::format("{}: said {}", dialogue.name, at)).say_at_most = at;
    table.start();
    table.send_to_all();
    const auto all = table.recipients();
    std::map<char, int> seen;
    for (Cell& cell : table.cells) {
      CAPTURE(cell.what);
      cell.expected = expected_of(cell.first->peer, marks);
      ++seen[cell.expected];
      for (const std::string name : {"a@", "b@"}) table.check_first(cell, all.at(name + cell.domain));
      cell.first->connections = cell.first->peer.hear_at_most = cell.first->peer.say_at_most = SIZE_MAX;
      cell.first->connect_failure = "";
    }
    for (const char end : {relayed, next, doubtful}) CHECK(seen[end] > 0);
    table.send_again();
    for (const auto& [address, recipient] : table.recipients()) {
      CAPTURE(address);
      CHECK(recipient.state == State::relayed);
    }
  }
}
