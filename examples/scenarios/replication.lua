-- SPDX-License-Identifier: MIT
-- A registry that replicates to two regions: an image that is pushed comes to one after 20 seconds, to
-- the other after 45.
return {
  version = 1,
  replication = { rules = { { destinations = {
    { region = "eu-west-1", seconds = 20 },
    { region = "ap-southeast-2", seconds = 45 },
  } } } },
  repositories = {
    { name = "app", images = { { tags = { "v1" } } } },
  },
}
