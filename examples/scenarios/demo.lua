-- SPDX-License-Identifier: MIT
-- A registry with three images: "v1" passes a scan gate after a short wait, "v2" fails, and "multi"
-- is for two architectures and passes; its attestation is left out.
return {
  version = 1,
  account = "123456789012",
  region = "us-east-1",
  repositories = {
    { name = "app", tag_mutability = "IMMUTABLE", images = {
      { tags = { "v1" }, platform = "linux/amd64", size = 31457280,
        scan = {
          type = "basic",
          states = { "PENDING", { state = "IN_PROGRESS", seconds = 20 }, "COMPLETE" },
          findings = {
            { id = "CVE-2026-1101", severity = "MEDIUM", package = "tar", version = "1.34",
              score = 5.5,
              description = "Out-of-bounds read in the listing of damaged archives.",
              uri = "https://cve.example/CVE-2026-1101" },
            { id = "CVE-2026-1102", severity = "LOW", package = "coreutils", version = "9.1",
              score = 3.3,
              description = "A race when directories are removed recursively.",
              uri = "https://cve.example/CVE-2026-1102" },
            { id = "CVE-2026-1103", severity = "LOW", package = "ncurses", version = "6.4",
              score = 2.8,
              description = "Out-of-bounds read of a damaged terminal description.",
              uri = "https://cve.example/CVE-2026-1103" },
          },
        } },
      { tags = { "v2" }, platform = "linux/amd64", size = 33554432,
        scan = {
          type = "basic",
          findings = {
            { id = "CVE-2026-2200", severity = "CRITICAL", package = "openssl", version = "3.0.9",
              score = 9.8, description = "Remote code execution through crafted certificates.",
              uri = "https://cve.example/CVE-2026-2200" },
            { id = "CVE-2026-2201", severity = "HIGH", package = "zlib", version = "1.2.13",
              score = 8.1,
              description = "Integer overflow in a helper for archives.",
              uri = "https://cve.example/CVE-2026-2201" },
            { id = "CVE-2026-2203", severity = "HIGH", package = "curl", version = "7.88.1",
              score = 7.5,
              description = "A reply of endless headers fills the memory.",
              uri = "https://cve.example/CVE-2026-2203" },
            { id = "CVE-2026-1101", severity = "MEDIUM", package = "tar", version = "1.34",
              score = 5.5,
              description = "Out-of-bounds read in the listing of damaged archives.",
              uri = "https://cve.example/CVE-2026-1101" },
          },
        } },
      { tags = { "multi" }, index = {
        { platform = "linux/amd64", scan = { type = "enhanced", findings = {
          { id = "CVE-2026-3301", severity = "MEDIUM", package = "curl", version = "8.5.0",
            fixed_version = "8.6.0", score = 6.5,
              description = "Wrong host in a reused connection.",
            uri = "https://cve.example/CVE-2026-3301" },
        } } },
        { platform = "linux/arm64/v8", scan = { type = "enhanced",
          states = { { state = "PENDING", seconds = 30 }, "ACTIVE" },
          findings = {
            { id = "CVE-2026-3302", severity = "LOW", package = "libxml2", version = "2.11.4",
              score = 3.1,
              description = "Null pointer in the reading of a damaged catalogue.",
              uri = "https://cve.example/CVE-2026-3302" },
          } } },
        { attestation = true },
      } },
    } },
  },
}
