/* SPDX-License-Identifier: MIT */
/* The handler does two things that a handler may do: it sets a flag and writes to an eventfd. */
#include "interrupt.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

static const int caught[] = {SIGINT, SIGTERM};
#define COUNT (sizeof caught / sizeof *caught)

static atomic_int arrived;
static atomic_int bell = -1;
static struct sigaction before[COUNT];

static void on_signal(int signal)
{
    int kept = errno;
    uint64_t one = 1;
    arrived = signal;
    if (write(bell, &one, sizeof one) < 0)
        arrived = signal; /* the counter is full: it is readable all the same */
    errno = kept;
}

enum ecr_status ecr_interrupt_catch(struct ecr_error *error)
{
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART | SA_RESETHAND};
    if (bell >= 0)
        return ecr_fail(error, ECR_CONFIG, "interrupt", "the signals are caught already");
    int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (fd < 0)
        return ecr_fail(error, ECR_CONFIG, "interrupt", "no descriptor for signals: %s",
                        strerror(errno));
    arrived = 0;
    bell = fd;
    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < COUNT; i++) {
        sigaction(caught[i], NULL, &before[i]);
        if (before[i].sa_handler != SIG_IGN) /* whoever started us wants it ignored: it stays so */
            sigaction(caught[i], &action, NULL);
    }
    return ECR_OK;
}

void ecr_interrupt_release(void)
{
    if (bell < 0)
        return;
    for (size_t i = 0; i < COUNT; i++)
        sigaction(caught[i], &before[i], NULL);
    close(bell);
    bell = -1;
}

/* First the bell, then the flag: a signal in between is taken now and wakes one poll too many. */
int ecr_interrupt_take(void)
{
    uint64_t count;
    if (bell >= 0 && read(bell, &count, sizeof count) < 0 && errno != EAGAIN)
        ecr_interrupt_release(); /* the descriptor is gone: nobody would hear a signal */
    return atomic_exchange(&arrived, 0);
}

int ecr_interrupt_fd(void)
{
    return bell;
}
