// A ledger that is older than the mailboxes beside it, as a backup has them.
#include "common/base/file.h"
#include "common/store/copy.h"
#include "tests/mda/from_mta/post.h"

using namespace futar;
using namespace futar::mda;

namespace {

struct Restoring : Post {
  std::filesystem::path state = root / "state", saved = root / "saved";

  /// The ledger as it stands now is the copy.
  void save() {
    stop();
    std::filesystem::copy(state, saved, std::filesystem::copy_options::recursive);
    start();
  }
  /// mda ends, and starts on the copy of the ledger with the mailboxes as they are.
  void restore() {
    stop();
    std::filesystem::remove_all(state);
    std::filesystem::rename(saved, state);
    const std::string mark = store::encode_restored({clock.wall_ms() - 1000, clock.wall_ms()});
    REQUIRE(replace_file(state / store::restored_mark, mark, 0600));
    ++epoch;  // mta's copy has a new one, too
    start();
  }
  void rename_first(const std::string& user, const std::string& folder, const std::string& name) {
    const std::string from = mailbox(user) + "/new/" + files(user).at(0);
    std::filesystem::rename(from, mailbox(user) + "/" + folder + "/" + name);
  }
};

}  // namespace

TEST_CASE("what came into a mailbox after the copy of the ledger is not delivered again") {
  Restoring post;
  post.save();
  const MessageId id = post.new_id();
  post.take(id, 7, "bob@example.org");
  post.restore();
  const auto outcome = post.take(id, 3, "bob@example.org");
  CHECK(outcome.state == proto::OutcomeState::delivered);
  CHECK(outcome.resumed);
  CHECK(post.files("bob").size() == 1);
  CHECK_FALSE(std::filesystem::exists(post.state / store::restored_mark));
}

TEST_CASE("also when the user has moved it and Dovecot gave it another name: its header tells the id") {
  Restoring post;
  post.save();
  const MessageId id = post.new_id();
  proto::DeliverItem item = post.item(id);
  item.header =
      "Received: from a by b with ESMTP id " + id.text() + "\r\n\tfor bob; today\r\nSubject: x\r\n\r\n";
  item.recipients.push_back(Post::to(7, "bob@example.org"));
  post.take(std::move(item));
  post.rename_first("bob", ".Trash/cur", std::to_string(post.clock.wall_ms() / 1000) + ".M1P2.mx:2,S");
  post.restore();
  CHECK(post.take(id, 3, "bob@example.org").resumed);
  CHECK(post.files("bob").empty());
}

TEST_CASE("another recipient, and another message, are delivered after a restore as ever") {
  Restoring post;
  post.save();
  const MessageId id = post.new_id();
  post.take(id, 7, "bob@example.org");
  post.restore();
  CHECK_FALSE(post.take(id, 4, "eva@example.org").resumed);
  CHECK_FALSE(post.take(post.new_id(), 5, "bob@example.org").resumed);
  CHECK(post.files("bob").size() == 2);
  CHECK(post.files("eva").size() == 1);
}

TEST_CASE("what the copy of the ledger knows counts under the new numbering") {
  Restoring post;
  const MessageId id = post.new_id();
  post.take(id, 7, "bob@example.org");
  post.save();
  post.restore();
  CHECK(post.take(id, 7, "bob@example.org").resumed);
  CHECK(post.files("bob").size() == 1);
}
