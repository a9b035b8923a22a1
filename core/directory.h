/* SPDX-License-Identifier: MIT */
/* The directory that a file is in. */
#pragma once

#include <stdbool.h>
#include <sys/stat.h>

#include "error.h"

/* Makes it and those above it that are missing, each its owner's only. ECR_NOMEM, or ECR_CONFIG
 * with errno for the caller to say. */
enum ecr_status ecr_directory_make(const char *path);
/* The file's name is only as durable as its directory. Not every file system can do this, and the
 * file is whole without it. */
void ecr_directory_sync(const char *path);
/* What stat(2) says of it; false when that fails. */
bool ecr_directory_look(const char *path, struct stat *around);
/* Whoever takes this lock has it until the descriptor is closed. -1 when it is not to be had in a
 * fraction of a second, or the file system has no locks. */
int ecr_directory_lock(const char *path);
