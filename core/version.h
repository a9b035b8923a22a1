/* SPDX-License-Identifier: MIT */
/* The one place the version is written. */
#pragma once

#define ECRLUA_VERSION "0.1.0"
