-- SPDX-License-Identifier: MIT
-- A registry with three images: one that passes a gate, one that fails, and one for two
-- architectures.
return {
  version = 1,
  repositories = {
    {
      name = "app",
      images = {
        {
          tags = { "v1" },
          scan = {
            states = { "PENDING", { state = "IN_PROGRESS", seconds = 20 }, "COMPLETE" },
            findings = {
              { id = "CVE-2026-1101", severity = "MEDIUM", package = "tar", version = "1.34",
                score = 5.5,
                description = "Out-of-bounds read in the listing of damaged archives." },
              { id = "CVE-2026-1102", severity = "LOW", package = "coreutils", version = "9.1",
                score = 3.3,
                description = "A race when directories are removed recursively." },
            },
          },
        },
        {
          tags = { "v2" },
          scan = {
            findings = {
              { id = "CVE-2026-2201", severity = "HIGH", package = "zlib", version = "1.2.13",
                score = 8.1,
                description = "Integer overflow in a helper for archives." },
              { id = "CVE-2026-2200", severity = "CRITICAL", package = "openssl", version = "3.0.9",
                score = 9.8,
                description = "Remote code execution through crafted certificates." },
              { id = "CVE-2026-2202", severity = "MEDIUM", package = "tar", version = "1.34",
                score = 5.5,
                description = "Out-of-bounds read in the listing of damaged archives." },
            },
          },
        },
        {
          tags = { "multi" },
          index = {
            { platform = "linux/amd64", scan = { type = "enhanced", findings = {
              { id = "CVE-2026-3301", severity = "MEDIUM", package = "curl", version = "8.5.0",
                fixed_version = "8.6.0", score = 6.5,
                  description = "Wrong host in a reused connection." },
            } } },
            { platform = "linux/arm64/v8", scan = { type = "enhanced", states = {
              { state = "PENDING", seconds = 30 }, "ACTIVE",
            } } },
            { attestation = true },
          },
        },
      },
    },
  },
}
