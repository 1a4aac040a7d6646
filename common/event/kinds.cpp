#include "common/event/kinds.h"

namespace futar::event {
namespace {

struct Row {
  Kind kind;
  std::string_view name;
  std::string_view pattern;
};

// In the order of their numbers, without a gap (a test looks).
constexpr Row rows[] = {
    {Kind::connected, "connected",
     "{client} connected[; its name is {name}|; its address has no name in the DNS]"},
    {Kind::logged_in, "logged in",
     "{login} logged in[ from {client}][ ({tls}, {mechanism})| ({mechanism})| ({tls})]"},
    {Kind::sender_allowed, "sender allowed", "may send as {sender}"},
    {Kind::accepted, "accepted", "accepted[ from {login}| from {client}], stored on disk; answered 250"},
    {Kind::refused, "refused", "refused[ at {at}][: {cause}][; told it \"{reply}\"]"},
    {Kind::handed_over, "handed over", "handed over to {to}"},
    {Kind::taken_over, "taken over", "taken over from {from}"},
    {Kind::routed, "routed", "{recipient}: goes to {to}[ ({rule})]"},
    {Kind::expanded, "expanded", "{recipient} is an alias of {targets}"},
    {Kind::delivered, "delivered", "{recipient}: [put into {folder}|delivered]"},
    {Kind::relayed, "relayed",
     "{recipient}: [handed over to {host}|handed over][ ({tls})][, with the return path {sender}][: "
     "\"{reply}\"]"},
    {Kind::deferred, "deferred",
     "{recipient}: [try {attempt}|not yet][, {host}][, {tls}][: {cause}][. It said \"{reply}\". That is "
     "\"later\", not \"no\"][. Next try in {next}]"},
    {Kind::bounced, "bounced", "{recipient}: refused for good[ by {host}][: {cause}][. It said \"{reply}\"]"},
    {Kind::expired, "expired", "{recipient}: given up, its time is over[: {cause}]"},
    {Kind::held, "held", "[{recipient}: held|held][ by {by}|: {cause}]"},
    {Kind::released, "released", "[{recipient}: released|released][ by {by}]"},
    {Kind::cancelled, "cancelled", "[{recipient}: cancelled|cancelled][ by {by}]"},
    {Kind::discarded, "discarded", "{recipient}: discarded[ by the rule {rule}]"},
    {Kind::duplicate, "duplicate", "{recipient}: has it already[ as {of}]"},
    {Kind::dsn_sent, "reported", "told the sender[ by message {id}][: {recipient} {kind}]"},
    {Kind::dsn_suppressed, "report suppressed", "did not tell the sender[ about {recipient}][: {rule}]"},
    {Kind::retried, "retried", "[{recipient}: to be tried now|to be tried now][, asked by {by}]"},
    {Kind::waiting_on_link, "waiting on link", "[{recipient}: waits|waits] until mda is back"},
    {Kind::login_failed, "login failed",
     "[{client} tried to log in|a login was tried][ as {login}][ ({tls}, {mechanism})| ({mechanism})| "
     "({tls})]"},
    {Kind::rerouted, "rerouted",
     "[{recipient}: sent another way|sent another way][, to {to}][, asked by {by}]"},
    {Kind::modified, "modified", "header completed: {what}"},
    {Kind::limited, "limited", "[{limit}|{login} is over its limit]; to be held for the postmaster"},
    {Kind::spf, "spf", "SPF[ of the HELO {helo}] {what}[: {cause}]"},
    {Kind::dkim, "dkim", "DKIM {what}[: {cause}]"},
    {Kind::dmarc, "dmarc", "[{cause}|DMARC {what}][; {rule}]"},
    {Kind::not_judged, "not judged", "not judged[: {cause}]"},
    {Kind::signed_for, "signed", "[signed for {name} with {what}|not signed: {cause}]"},
    {Kind::sealed_for, "sealed", "[sealed for {name} with {what}|not sealed: {cause}]"},
    {Kind::arc, "arc", "ARC {what}[, sealed by {name}][, which is {rule}][: {cause}]"},
    {Kind::helo, "helo", "HELO {helo}: {cause}"},
    {Kind::forwarded, "forwarded",
     "came through {client}, a trusted forwarder[; its client was {from}][ ({name})][; {cause}]"},
    {Kind::own_check, "own check", "our own check: {what}[; {cause}]"},
    {Kind::repaired, "repaired", "repaired by {by}: {what}"},
};

constexpr std::string_view fields[] = {
    "client", "name",       "login",  "mechanism", "tls",   "sender",     "reverse_path", "helo",
    "size",   "recipients", "reply",  "cause",     "at",    "to",         "from",         "recipient",
    "rule",   "targets",    "folder", "file",      "host",  "next",       "attempt",      "by",
    "of",     "id",         "kind",   "what",      "limit", "message_id", "queue",        "code",
};
static_assert(std::size(rows) == static_cast<size_t>(Kind::repaired));
static_assert(std::size(fields) == static_cast<size_t>(Field::code));

const Row& row(Kind kind) { return rows[static_cast<size_t>(kind) - 1]; }

}  // namespace

bool is_kind(uint64_t number) { return number >= 1 && number <= std::size(rows); }
bool is_field(uint64_t number) { return number >= 1 && number <= std::size(fields); }

std::string_view name(Kind kind) { return row(kind).name; }
std::string_view name(Field field) { return fields[static_cast<size_t>(field) - 1]; }
std::string_view pattern(Kind kind) { return row(kind).pattern; }

}  // namespace futar::event
