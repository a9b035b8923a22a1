/* SPDX-License-Identifier: MIT */
/* Processes that read, lock, write and remove one name, while one after another is killed in the
 * middle of it. When who is killed follows from SEED; where, from the machine. */
#include "cache.h"

#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "unit.h"

#define SEED      20240607u
#define PROCESSES 8
#define KILLS     120
#define LIVES     (PROCESSES + KILLS)
#define PATIENCE  30.0 /* seconds after which something hangs */
#define NAME      "token"

/* Seen by all processes. A life is a process, numbered from 1. */
static struct shared {
    atomic_long done;              /* whole rounds of all of them */
    atomic_bool stop;              /* everybody ends after this round */
    atomic_int holder;             /* the life that holds the lock; 0 = none */
    atomic_bool doomed[LIVES + 1]; /* is being killed: it holds nothing any more */
    atomic_long held, busy, found, absent, written, removed;
    atomic_int broken; /* the line that saw what must not be */
} * shared;

static char base[] = "/tmp/test_cache_stress.XXXXXX";
static char directory[100];

#define MUST(condition)                                                                            \
    do {                                                                                           \
        if (!(condition))                                                                          \
            shared->broken = __LINE__;                                                             \
    } while (0)

static unsigned next_random(unsigned *state)
{
    *state = *state * 1664525u + 1013904223u;
    return *state >> 8;
}

/* --- what a process does --- */

/* A text that says how long it is and ends with that again: "<len>:xxxx:<len>". */
static size_t make_text(char *text, size_t size, unsigned random)
{
    size_t filling = random % 3 == 0 ? random % 20000 : random % 200;
    int before = snprintf(text, size, "%zu:", filling);
    memset(text + before, 'a' + (int)(random % 26), filling);
    return (size_t)before + filling +
           (size_t)snprintf(text + before + filling, size - (size_t)before - filling, ":%zu",
                            filling);
}

static bool is_whole(const char *text, size_t len)
{
    char *end;
    char tail[30];
    size_t filling = strtoul(text, &end, 10);
    size_t before = (size_t)(end - text) + 1;
    int after = snprintf(tail, sizeof tail, ":%zu", filling);
    if (*end != ':' || len != before + filling + (size_t)after)
        return false;
    for (size_t i = 1; i < filling; i++)
        if (text[before + i] != text[before])
            return false;
    return strcmp(text + before + filling, tail) == 0;
}

static void read_it(void)
{
    bool found = false;
    struct ecr_buf buf;
    struct ecr_error error;
    ecr_buf_init_secret(&buf, ECR_CACHE_MAX + 1);
    MUST(ecr_cache_read(directory, NAME, &buf, &found, &error) == ECR_OK);
    MUST(!found || is_whole(buf.data, buf.len));
    shared->found += found;
    shared->absent += !found;
    ecr_buf_clear(&buf);
}

static void write_it(unsigned random)
{
    static char text[20100];
    struct ecr_error error;
    size_t len = make_text(text, sizeof text, random);
    MUST(ecr_cache_write(directory, NAME, text, len, &error) == ECR_OK);
    shared->written++;
}

/* The lock is ours: nobody else may think so too. */
static void hold(int life, unsigned random)
{
    int before = atomic_exchange(&shared->holder, life);
    MUST(before == 0 || shared->doomed[before]);
    shared->held++;
    read_it();
    write_it(random);
    MUST(atomic_exchange(&shared->holder, 0) == life);
}

static void lock_it(int life, unsigned random)
{
    int lock;
    struct ecr_error error;
    MUST(ecr_cache_lock(directory, NAME, &lock, &error) == ECR_OK);
    shared->busy += lock < 0;
    if (lock < 0)
        return;
    hold(life, random);
    ecr_cache_unlock(lock);
}

static void remove_it(void)
{
    struct ecr_error error;
    MUST(ecr_cache_remove(directory, NAME, &error) == ECR_OK);
    shared->removed++;
}

static void live(int life)
{
    unsigned random = SEED * (unsigned)life;
    while (!shared->stop) {
        unsigned choice = next_random(&random) % 16;
        if (choice < 8)
            lock_it(life, next_random(&random));
        else if (choice < 13)
            read_it();
        else if (choice < 15)
            write_it(next_random(&random)); /* of one who did not want to wait for the lock */
        else
            remove_it();
        shared->done++;
    }
}

static pid_t start(int life)
{
    pid_t child = fork();
    if (child == 0) {
        live(life);
        _exit(0);
    }
    return child;
}

/* --- the one who kills --- */

static struct {
    pid_t pid;
    int life;
} processes[PROCESSES];

/* False when they do not get that far. */
static bool wait_for(long done, double until)
{
    while (shared->done < done && ecr_clock_monotonic() < until)
        sched_yield();
    return shared->done >= done;
}

static void replace(size_t victim, int life)
{
    int status = 0;
    shared->doomed[processes[victim].life] = true;
    kill(processes[victim].pid, SIGKILL);
    CHECK(waitpid(processes[victim].pid, &status, 0) == processes[victim].pid);
    CHECK(WIFSIGNALED(status));
    processes[victim].pid = start(life);
    processes[victim].life = life;
}

/* Everybody ends by himself; who does not hangs. */
static void end_all(double until)
{
    shared->stop = true;
    for (size_t i = 0; i < PROCESSES; i++) {
        int status = 0;
        pid_t ended;
        while ((ended = waitpid(processes[i].pid, &status, WNOHANG)) == 0 &&
               ecr_clock_monotonic() < until)
            sched_yield();
        CHECK(ended == processes[i].pid && status == 0);
        if (ended == 0) {
            kill(processes[i].pid, SIGKILL);
            waitpid(processes[i].pid, &status, 0);
        }
    }
}

TEST(survives_kills)
{
    double until = ecr_clock_monotonic() + PATIENCE;
    unsigned random = SEED;
    int life = 0;
    long done = 0;
    for (size_t i = 0; i < PROCESSES; i++) {
        processes[i].pid = start(++life);
        processes[i].life = life;
    }
    for (int kills = 0; kills < KILLS; kills++) {
        done = shared->done + 1 + next_random(&random) % 16;
        if (!wait_for(done, until))
            break;
        replace(next_random(&random) % PROCESSES, ++life);
    }
    CHECK(life == LIVES);
    end_all(until);
    if (shared->broken)
        printf("  %s:%d saw it\n", __FILE__, shared->broken);
    CHECK(shared->broken == 0);
    CHECK(shared->held > 0 && shared->busy > 0 && shared->found > 0 && shared->absent > 0 &&
          shared->written > 0 && shared->removed > 0);
}

TEST(leaves_a_free_lock)
{
    int lock;
    struct ecr_error error;
    CHECK(ecr_cache_lock(directory, NAME, &lock, &error) == ECR_OK && lock >= 0);
    ecr_cache_unlock(lock);
    read_it();
    CHECK(shared->broken == 0);
}

/* How many temporary files there are, made two hours old. */
static int age_all(void)
{
    int count = 0;
    struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_sec = time(NULL) - 7200}};
    DIR *names = opendir(directory);
    const struct dirent *entry;
    while (names && (entry = readdir(names))) {
        size_t len = strlen(entry->d_name);
        if (len > 4 && strcmp(entry->d_name + len - 4, ".new") == 0)
            count += utimensat(dirfd(names), entry->d_name, times, 0) == 0;
    }
    if (names)
        closedir(names);
    return count;
}

/* At most what was being written by those that were killed, and not for ever. */
TEST(leaves_no_heap_of_files)
{
    int left = age_all();
    CHECK(left <= KILLS);
    printf("%ld held, %ld busy, %ld read, %ld absent, %ld written, %ld removed; %d left behind\n",
           shared->held, shared->busy, shared->found, shared->absent, shared->written,
           shared->removed, left);
    write_it(1);
    write_it(2);
    CHECK(age_all() == 0);
}

int main(void)
{
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED || !mkdtemp(base))
        return 1;
    snprintf(directory, sizeof directory, "%s/cache", base);
    RUN("what is read is whole or absent, whoever is killed", survives_kills);
    RUN("the lock is free when all have ended", leaves_a_free_lock);
    RUN("temporary files do not pile up", leaves_no_heap_of_files);
    unlink(strcat(directory, "/" NAME));
    *strrchr(directory, '/') = '\0';
    unlink(strcat(directory, "/." NAME ".lock"));
    *strrchr(directory, '/') = '\0';
    CHECK(rmdir(directory) == 0 && rmdir(base) == 0);
    return unit_end();
}
