/* SPDX-License-Identifier: MIT */
/* A directory of small files with secrets in them that many processes of one user share and none of
 * them needs: what cannot be trusted is not read, and what is written is whole. When to read, to
 * wait for another's writing and to write is the caller's business.
 *
 * In the directory stand, for each name, the file, ".<name>.lock", and for as long as somebody is
 * writing, or after he was killed in the middle of it, ".<name>.<16 digits>.new".
 *
 * The directory is looked at itself, the ones above it are not: they may be links, as a cache that
 * was moved to a larger disk is one. One that others may write to is not used, and not changed
 * either: it may be somebody's for other things. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "buf.h"
#include "error.h"

#define ECR_CACHE_MAX      ((size_t)1024 * 1024) /* bytes of a file */
#define ECR_CACHE_MAX_NAME 128
#define ECR_CACHE_DIGITS   64 /* of "<digits>.token", which is removed when it is too old */

/* 1 to 128 of letters, digits, ".", "_" and "-", the first no dot. All `name`s below are such. */
bool ecr_cache_is_name(const char *name, size_t len);

/* Appends the file's bytes to an empty, secret buffer with room for one more than the maximum. Not
 * *found and ECR_OK when there is none; ECR_AUTH with a code of guard.h or "corrupt" (too large)
 * when there is something that is not to be used. */
enum ecr_status ecr_cache_read(const char *directory, const char *name, struct ecr_buf *buf,
                               bool *found, struct ecr_error *error);

/* Those that write make the directory and those above it when they are missing, their owner's only.
 * Their failures are ECR_CONFIG with
 * "write" or a code of guard.h. */

/* Puts these bytes there, its owner's only, whole or not at all, whatever was there before. */
enum ecr_status ecr_cache_write(const char *directory, const char *name, const void *bytes,
                                size_t len, struct ecr_error *error);
/* ECR_OK also when there is nothing to remove. The lock stays. */
enum ecr_status ecr_cache_remove(const char *directory, const char *name, struct ecr_error *error);

/* *lock is a descriptor that holds the lock until it is given up, or until the process ends by
 * whatever end; -1 with ECR_OK when somebody else has it: another process, or we. Never waits.
 *
 * The lock's file is never deleted. Whoever deleted it would let one process lock the file that is
 * gone, having opened it before, and another one the file that comes after it. It is empty. */
enum ecr_status ecr_cache_lock(const char *directory, const char *name, int *lock,
                               struct ecr_error *error);
/* Gives it up, and closes the descriptor: closing alone would leave it to a program that is being
 * started, which has the descriptor for a moment. -1 is fine. */
void ecr_cache_unlock(int lock);
