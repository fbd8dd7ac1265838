// Bans: what they take, how equal ones merge, their caps, and how they end.
#include "freshness/ban_list.hpp"

#include <gtest/gtest.h>

#include "freshness/label_table.hpp"

namespace freshet::detail {
namespace {

class BanListTest : public ::testing::Test {
 protected:
  LabelRef tag(std::string_view text) { return table_->pin(LabelName(LabelKind::tag, text)); }
  LabelRef space(std::string_view text) {
    return table_->pin(LabelName(LabelKind::name_space, text));
  }
  Ban prefix(std::string_view text) {
    return {.kind = Ban::Kind::prefix, .space = users_, .text = std::string(text)};
  }
  Ban glob(std::string_view text) {
    return {.kind = Ban::Kind::glob, .space = users_, .text = std::string(text)};
  }
  Ban all_of(std::vector<LabelRef> tags, LabelRef in = {}) {
    return {.kind = Ban::Kind::all_of, .space = std::move(in), .tags = std::move(tags)};
  }
  bool add(const Ban& ban, std::uint64_t at, Mode mode = Mode::remove) {
    return bans_.add(ban, mode, Revision{at});
  }
  Verdict judge(std::string_view key, std::uint64_t birth, std::vector<LabelRef> tags = {}) {
    std::vector<LabelRef> labels{users_};
    labels.insert(labels.end(), tags.begin(), tags.end());
    return bans_.judge({key, labels}, Revision{birth});
  }
  std::size_t retire(std::uint64_t up_to) {
    return bans_.retire([&](const LabelRef&, Revision at) { return at.value <= up_to; });
  }

  std::shared_ptr<LabelTable> table_ = std::make_shared<LabelTable>(64);
  LabelRef users_ = space("users");
  BanList bans_;
};

TEST_F(BanListTest, APrefixEndsAtASeparator) {
  EXPECT_TRUE(takes_prefix("user:42", "user:42", ':'));
  EXPECT_TRUE(takes_prefix("user:42", "user:42:name", ':'));
  EXPECT_FALSE(takes_prefix("user:42", "user:421", ':'));
  EXPECT_FALSE(takes_prefix("user:42", "user:4", ':'));
  EXPECT_TRUE(takes_prefix("user:42", "user:42/name", '/'));
  EXPECT_FALSE(takes_prefix("user:42", "user:42:name", '/'));
}

TEST_F(BanListTest, APrefixTakesWhatIsOlderAndNothingElse) {
  EXPECT_TRUE(add(prefix("user:42"), 10));
  EXPECT_EQ(judge("user:42", 9), Verdict::removed);
  EXPECT_EQ(judge("user:42:name", 9), Verdict::removed);
  EXPECT_EQ(judge("user:42:name:first", 9), Verdict::removed);
  EXPECT_EQ(judge("user:42", 10), Verdict::fresh);
  EXPECT_EQ(judge("user:421", 9), Verdict::fresh);
  EXPECT_EQ(judge("user", 9), Verdict::fresh);
}

TEST_F(BanListTest, APrefixOfTheNamespacesOwnSeparator) {
  Ban ban = prefix("a");
  ban.separator = '/';
  add(ban, 10);
  EXPECT_EQ(judge("a/b", 9), Verdict::removed);
  EXPECT_EQ(judge("a:b", 9), Verdict::fresh);
}

TEST_F(BanListTest, EveryPrefixOfRandomKeysIsFoundWhereItIsWritten) {
  std::uint64_t seed = 1;
  const auto next = [&] {
    return seed = seed * 6364136223846793005U + 1442695040888963407U, seed >> 33;
  };
  std::vector<std::string> banned;
  for (int i = 0; i < 50; ++i) {
    std::string text;
    for (std::uint64_t j = next() % 4 + 1; j > 0; --j) text += "ab:"[next() % 3];
    banned.push_back(text);
    add(prefix(text), 10);
  }
  for (int i = 0; i < 5'000; ++i) {
    std::string key;
    for (std::uint64_t j = next() % 7 + 1; j > 0; --j) key += "ab:"[next() % 3];
    const bool taken = std::any_of(banned.begin(), banned.end(), [&](const std::string& text) {
      return takes_prefix(text, key, ':');
    });
    ASSERT_EQ(judge(key, 9) == Verdict::removed, taken) << key;
  }
}

TEST_F(BanListTest, AGlobTakesWhatItMatchesInItsNamespace) {
  add(glob("user:*:name"), 10);
  EXPECT_EQ(judge("user:42:name", 9), Verdict::removed);
  EXPECT_EQ(judge("user:42:mail", 9), Verdict::fresh);
  const std::vector<LabelRef> elsewhere{space("others")};
  EXPECT_EQ(bans_.judge({"user:42:name", elsewhere}, Revision{9}), Verdict::fresh);
}

TEST_F(BanListTest, AllOfTakesWhatCarriesEveryTag) {
  add(all_of({tag("users"), tag("de")}), 10);
  EXPECT_EQ(judge("k", 9, {tag("users"), tag("de"), tag("x")}), Verdict::removed);
  EXPECT_EQ(judge("k", 9, {tag("users")}), Verdict::fresh);
  EXPECT_EQ(judge("k", 9, {tag("de")}), Verdict::fresh);
  EXPECT_EQ(judge("k", 10, {tag("users"), tag("de")}), Verdict::fresh);
}

TEST_F(BanListTest, AllOfInOneNamespaceLeavesTheOthers) {
  add(all_of({tag("users")}, space("others")), 10);
  EXPECT_EQ(judge("k", 9, {tag("users")}), Verdict::fresh);
  const std::vector<LabelRef> elsewhere{space("others"), tag("users")};
  EXPECT_EQ(bans_.judge({"k", elsewhere}, Revision{9}), Verdict::removed);
}

TEST_F(BanListTest, ATagThatWasJoinedLaterCountsForLaterBansOnly) {
  add(all_of({tag("users"), tag("de")}), 10);
  const std::vector<LabelRef> labels{users_, tag("users")};
  AttachedLabel late{tag("de"), Revision{12}, nullptr};
  EXPECT_EQ(bans_.judge({"k", labels, &late}, Revision{5}), Verdict::fresh);
  add(all_of({tag("users"), tag("de")}), 13);
  EXPECT_EQ(bans_.judge({"k", labels, &late}, Revision{5}), Verdict::removed);
}

TEST_F(BanListTest, AllOfIsFoundByATagThatWasJoinedLater) {
  add(all_of({tag("de"), tag("users")}), 13);
  const std::vector<LabelRef> labels{users_, tag("users")};
  AttachedLabel late{tag("de"), Revision{12}, nullptr};
  EXPECT_EQ(bans_.judge({"k", labels, &late}, Revision{5}), Verdict::removed);
}

TEST_F(BanListTest, ToExpireIsNotToRemoveAndRemovedStaysSo) {
  for (const Ban& ban : {prefix("a"), glob("a*"), all_of({tag("t")})}) {
    BanList bans;
    const std::vector<LabelRef> labels{users_, tag("t")};
    bans.add(ban, Mode::expire, Revision{10});
    EXPECT_EQ(bans.judge({"a", labels}, Revision{5}), Verdict::expired);
    bans.add(ban, Mode::remove, Revision{11});
    bans.add(ban, Mode::expire, Revision{12});
    EXPECT_EQ(bans.judge({"a", labels}, Revision{5}), Verdict::removed);
    EXPECT_EQ(bans.judge({"a", labels}, Revision{11}), Verdict::expired);
    EXPECT_EQ(bans.size(), 1u) << "equal bans merge";
  }
}

TEST_F(BanListTest, WhatIsMadeOfAKeyIsJudgedByTheBansOnKeys) {
  add(prefix("a"), 10);
  add(glob("b*"), 11);
  EXPECT_EQ(bans_.judge_key(*users_, "a:1", Revision{9}), Verdict::removed);
  EXPECT_EQ(bans_.judge_key(*users_, "b1", Revision{10}), Verdict::removed);
  EXPECT_EQ(bans_.judge_key(*users_, "c", Revision{1}), Verdict::fresh);
  EXPECT_EQ(bans_.judge_key(*space("others"), "a:1", Revision{9}), Verdict::fresh);
}

TEST_F(BanListTest, HitsSaysWhatABanWouldTake) {
  const std::vector<LabelRef> labels{users_, tag("t")};
  const BanSubject subject{"a:1", labels};
  EXPECT_TRUE(BanList::hits(prefix("a"), subject));
  EXPECT_FALSE(BanList::hits(prefix("b"), subject));
  EXPECT_TRUE(BanList::hits(glob("a:?"), subject));
  EXPECT_FALSE(BanList::hits(glob("a:??"), subject));
  EXPECT_TRUE(BanList::hits(all_of({tag("t")}), subject));
  EXPECT_FALSE(BanList::hits(all_of({tag("t"), tag("u")}), subject));
  EXPECT_FALSE(BanList::hits(all_of({tag("t")}, space("others")), subject));
}

TEST_F(BanListTest, EachKindHasACapThatIsSaid) {
  for (std::size_t i = 0; i < BanList::kMaxPrefixes; ++i)
    ASSERT_TRUE(add(prefix("p" + std::to_string(i)), 10));
  EXPECT_FALSE(add(prefix("one more"), 10));
  EXPECT_TRUE(add(prefix("p0"), 11)) << "it is there already";
  for (std::size_t i = 0; i < BanList::kMaxGlobs; ++i)
    ASSERT_TRUE(add(glob("g" + std::to_string(i)), 10));
  EXPECT_FALSE(add(glob("one more"), 10));
  for (std::size_t i = 0; i < BanList::kMaxAllOf; ++i)
    ASSERT_TRUE(add(all_of({tag("first"), tag("t" + std::to_string(i))}), 10));
  EXPECT_FALSE(add(all_of({tag("first"), tag("one more")}), 10));
  EXPECT_TRUE(add(all_of({tag("second"), tag("one more")}), 10));
  EXPECT_EQ(bans_.size(), BanList::kMaxPrefixes + BanList::kMaxGlobs + BanList::kMaxAllOf + 1);
}

TEST_F(BanListTest, WhatWasRaisedAsAWholeIsForgotten) {
  add(prefix("a"), 10);
  add(glob("b*"), 10);
  add(all_of({tag("t"), tag("u")}), 10);
  bans_.forget(*users_);
  EXPECT_EQ(bans_.size(), 1u);
  EXPECT_EQ(judge("a", 5), Verdict::fresh);
  bans_.forget_all_of(*tag("t"));
  EXPECT_EQ(bans_.size(), 0u);
  bans_.forget(*users_);  // again: nothing
  EXPECT_EQ(bans_.size(), 0u);
}

TEST_F(BanListTest, RetiringTakesWhatMayGoByItsNewestRevision) {
  add(prefix("a"), 10);
  add(prefix("a"), 20, Mode::expire);
  add(glob("b*"), 11);
  add(all_of({tag("t"), tag("u")}), 12);
  EXPECT_EQ(retire(12), 2u);
  EXPECT_EQ(bans_.size(), 1u);
  EXPECT_EQ(judge("a", 5), Verdict::removed) << "it was said again at 20";
  EXPECT_EQ(retire(20), 1u);
  EXPECT_EQ(bans_.size(), 0u);
  EXPECT_EQ(retire(100), 0u);
}

TEST_F(BanListTest, WhatIsRetiredOrForgottenHoldsNoLabel) {
  add(all_of({tag("t"), tag("u")}, space("others")), 10);
  EXPECT_EQ(table_->live(LabelKind::tag), 2u);
  retire(10);
  EXPECT_EQ(table_->live(LabelKind::tag), 0u);
  EXPECT_EQ(table_->live(LabelKind::name_space), 1u);
  Ban elsewhere = prefix("a");
  elsewhere.space = space("others");
  add(elsewhere, 11);
  elsewhere = {};
  EXPECT_EQ(table_->live(LabelKind::name_space), 2u);
  retire(11);
  EXPECT_EQ(table_->live(LabelKind::name_space), 1u);
}

TEST_F(BanListTest, RetiringNamesTheNamespaceOfEachBan) {
  add(prefix("a"), 10);
  add(all_of({tag("t"), tag("u")}), 11);
  std::vector<const Label*> spaces;
  bans_.retire([&](const LabelRef& of, Revision) {
    spaces.push_back(of.get());
    return false;
  });
  EXPECT_EQ(spaces, (std::vector<const Label*>{users_.get(), nullptr}));
  EXPECT_EQ(bans_.size(), 2u);
}

}  // namespace
}  // namespace freshet::detail
