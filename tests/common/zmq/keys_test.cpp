#include "common/zmq/keys.h"

#include <doctest/doctest.h>

#include "common/base/file.h"
#include "common/zmq/context.h"
#include "tests/fakes/temp_folder.h"

using namespace futar;
using namespace futar::zmq;

namespace {

// "#" is a letter of Z85: each third key has one.
const std::string plain = "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7";
const std::string within = "rq:rM>}U?@Lns47E1#kR.o@n%FcmmsL/@{H8]yf7";

}  // namespace

TEST_CASE("a key is read with whatever letters it has, and a comment is none") {
  TempFolder folder;
  const std::string path = folder.path() + "/key";
  for (const std::string& key : {plain, within})
    for (const std::string& text :
         {key, key + "\n", "# of mta\n\n" + key + " # comment\r\n", "  " + key + "\t#x\n"}) {
      CAPTURE(text);
      REQUIRE(replace_file(path, text, 0600));
      CHECK(read_key(path).value_or("") == key);
      CHECK(is_listed(path, key));
      CHECK_FALSE(is_listed(path, make_curve_keys().first));
    }
  for (const std::string& text :
       {std::string("# nothing\n"), plain.substr(1), plain + "x", plain + "\n" + within}) {
    CAPTURE(text);
    REQUIRE(replace_file(path, text, 0600));
    CHECK_FALSE(read_key(path));
  }
}
