/* SPDX-License-Identifier: MIT */
/* Terminals. A question changes the terminal for everybody who uses it, so every way out leads
 * through one function that gives it back; the signals that would end or stop the process in
 * between wait until then. */
#include "terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "clock.h"
#include "interrupt.h"

int ecr_terminal_columns(int fd)
{
    struct winsize size;
    if (!isatty(fd))
        return 0;
    return ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : -1;
}

/* --- a question --- */

struct question {
    int fd;
    bool changed; /* the terminal is as a question needs it */
    bool caught;  /* SIGINT and SIGTERM are caught by us */
    double deadline;
    struct termios before;
    sigset_t blocked_before;
};

static enum ecr_status refuse(const char *code, const char *why, struct ecr_error *error)
{
    return ecr_fail(error, ECR_AUTH, code, "%s", why);
}

/* What cannot be written is nothing to fail for: who waits for an answer will see. */
static void say(const struct question *question, const char *text)
{
    if (write(question->fd, text, strlen(text)) < 0)
        return;
}

static enum ecr_status open_terminal(struct question *question, struct ecr_error *error)
{
    question->fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (question->fd < 0 || tcgetattr(question->fd, &question->before) != 0)
        return refuse("no_terminal", "there is no terminal to ask on", error);
    if (tcgetpgrp(question->fd) != getpgrp())
        return refuse("no_terminal", "the terminal is not ours while this runs in the background",
                      error);
    return ECR_OK;
}

/* Those that would kill or stop us while nothing shows. */
static void hold_signals(struct question *question)
{
    static const int held[] = {SIGQUIT, SIGTSTP, SIGTTOU};
    sigset_t set;
    sigemptyset(&set);
    for (size_t i = 0; i < sizeof held / sizeof *held; i++)
        sigaddset(&set, held[i]);
    pthread_sigmask(SIG_BLOCK, &set, &question->blocked_before);
    question->caught = ecr_interrupt_fd() < 0 && ecr_interrupt_catch(NULL) == ECR_OK;
}

/* Lines, without showing them; what was typed before the question is no answer to it. */
static enum ecr_status hide_typing(struct question *question, struct ecr_error *error)
{
    struct termios hidden = question->before;
    hidden.c_lflag &= ~(tcflag_t)(ECHO | ECHOE | ECHOK | ECHONL);
    hidden.c_lflag |= ICANON | ISIG;
    hidden.c_iflag |= ICRNL;
    question->changed = tcsetattr(question->fd, TCSANOW, &hidden) == 0;
    if (!question->changed)
        return refuse("no_terminal", "the terminal does not hide what is typed", error);
    tcflush(question->fd, TCIFLUSH);
    return ECR_OK;
}

/* Until something was typed. */
static enum ecr_status wait_for_line(const struct question *question, struct ecr_error *error)
{
    struct pollfd ready[] = {{.fd = question->fd, .events = POLLIN},
                             {.fd = ecr_interrupt_fd(), .events = POLLIN}};
    for (;;) {
        double left = question->deadline - ecr_clock_monotonic();
        int count = poll(ready, 2, left > 0 ? (int)ceil(left * 1000) : 0);
        if (count < 0 && errno != EINTR)
            return refuse("interrupted", "the terminal cannot be waited for", error);
        if (count > 0 && ready[1].revents)
            return refuse("interrupted", "a signal came before the answer", error);
        if (count > 0)
            return ECR_OK;
        if (left <= 0)
            return refuse("timeout", "nobody answered in time", error);
    }
}

/* A line may come in pieces: an end of input in its middle only hands over what is there. */
static enum ecr_status read_line(const struct question *question, struct ecr_buf *answer,
                                 struct ecr_error *error)
{
    for (size_t used = 0; used <= ECR_TERMINAL_LINE; used = answer->len) {
        enum ecr_status status = wait_for_line(question, error);
        if (status != ECR_OK)
            return status;
        ssize_t got =
            read(question->fd, answer->data + answer->len, ECR_TERMINAL_LINE + 1 - answer->len);
        if (got < 0 && (errno == EINTR || errno == EAGAIN))
            continue;
        if (got <= 0)
            return refuse("interrupted", "the input ended before the answer", error);
        answer->len += (size_t)got;
        if (answer->data[answer->len - 1] == '\n') {
            answer->data[--answer->len] = '\0';
            return ECR_OK;
        }
    }
    return refuse("too_long", "the answer is too long", error);
}

/* The terminal is as it was, without the rest of an answer that a shell would take for a command.
 * Then the signals do what they do. */
static void end(struct question *question)
{
    int signal = 0;
    if (question->changed) {
        say(question, "\n");
        tcflush(question->fd, TCIFLUSH);
        tcsetattr(question->fd, TCSANOW, &question->before);
    }
    close(question->fd);
    if (question->caught) {
        signal = ecr_interrupt_take();
        ecr_interrupt_release();
    }
    pthread_sigmask(SIG_SETMASK, &question->blocked_before, NULL);
    if (signal)
        raise(signal);
}

enum ecr_status ecr_terminal_ask(const char *prompt, double seconds, struct ecr_buf *answer,
                                 struct ecr_error *error)
{
    struct question question = {.deadline = ecr_clock_monotonic() + seconds};
    if (!ecr_buf_reserve(answer, ECR_TERMINAL_LINE + 1))
        return ecr_fail_nomem(error);
    enum ecr_status status = open_terminal(&question, error);
    if (status != ECR_OK) {
        if (question.fd >= 0)
            close(question.fd);
        return status;
    }
    hold_signals(&question);
    status = hide_typing(&question, error);
    if (status == ECR_OK) {
        say(&question, prompt);
        status = read_line(&question, answer, error);
    }
    end(&question);
    return status;
}
