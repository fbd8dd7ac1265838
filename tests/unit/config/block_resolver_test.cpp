// Which block serves a namespace.
#include "config/block_resolver.hpp"

#include <gtest/gtest.h>

namespace freshet::config {
namespace {

const std::vector<std::string> kBlocks{"*", "user_*", "user_vip_*", "user_1", "team?"};

std::string served_by(std::string_view name) {
  const auto block = BlockResolver(kBlocks).find(name);
  return block ? kBlocks[*block] : "nobody";
}

TEST(BlockResolverTest, ExactlyItsNameComesFirst) { EXPECT_EQ(served_by("user_1"), "user_1"); }

TEST(BlockResolverTest, ThenTheLongestLiteralPrefixWhateverTheOrder) {
  EXPECT_EQ(served_by("user_2"), "user_*");
  EXPECT_EQ(served_by("user_vip_2"), "user_vip_*");
  EXPECT_EQ(served_by("team1"), "team?");
  EXPECT_EQ(served_by("team12"), "*");
}

TEST(BlockResolverTest, WithoutACatchAllANameCanBeServedByNobody) {
  const std::vector<std::string> blocks{"profiles", "user_*"};
  EXPECT_EQ(BlockResolver(blocks).find("sessions"), std::nullopt);
  EXPECT_EQ(BlockResolver(blocks).find("profile"), std::nullopt);
  EXPECT_EQ(BlockResolver(blocks).find("user_"), 1U);
}

}  // namespace
}  // namespace freshet::config
