/* SPDX-License-Identifier: MIT */
/* Each question is asked by a child on a pseudo-terminal of its own, whose other end is ours. What
 * the child has to say comes through a pipe: nothing that it says is taken for the terminal's. */
#include "terminal.h"

#include <pty.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "interrupt.h"
#include "unit.h"

struct talk {
    pid_t child;
    int terminal; /* our end */
    int pipe;     /* what the child says */
    char shown[2000];
};

/* In the child: asks, and says how that went. Its answers are "canary" and such. */
static void ask(int out, double seconds)
{
    struct ecr_buf answer;
    struct ecr_error error = {.code = "?"};
    ecr_buf_init_secret(&answer, ECR_TERMINAL_LINE + 1);
    enum ecr_status status = ecr_terminal_ask("code: ", seconds, &answer, &error);
    dprintf(out, "%s|%s", status == ECR_OK ? answer.data : "",
            status == ECR_OK ? "ok" : error.code);
    ecr_buf_clear(&answer);
}

static void ask_for_long(int out)
{
    ask(out, 60);
}

static void ask_for_no_time(int out)
{
    ask(out, 0);
}

static void ask_and_catch(int out)
{
    ecr_interrupt_catch(NULL);
    ask(out, 60);
    dprintf(out, "|%d", ecr_interrupt_take());
}

static void ask_in_the_background(int out)
{
    pid_t child = fork();
    if (child == 0) {
        setpgid(0, 0);
        ask(out, 60);
        _exit(0);
    }
    waitpid(child, NULL, 0);
}

static void start(struct talk *talk, void (*what)(int))
{
    int ends[2];
    *talk = (struct talk){.child = -1};
    CHECK(pipe(ends) == 0);
    talk->child = forkpty(&talk->terminal, NULL, NULL, NULL);
    if (talk->child == 0) {
        signal(SIGALRM, SIG_DFL);
        alarm(60); /* a child that hangs ends the test */
        what(ends[1]);
        _exit(0);
    }
    close(ends[1]);
    talk->pipe = ends[0];
}

/* Reads what the terminal shows until this is there. */
static void wait_for(struct talk *talk, const char *text)
{
    size_t len = strlen(talk->shown);
    while (!strstr(talk->shown, text)) {
        ssize_t got = read(talk->terminal, talk->shown + len, sizeof talk->shown - 1 - len);
        if (got <= 0)
            break;
        len += (size_t)got;
    }
    CHECK(strstr(talk->shown, text) != NULL);
}

static void type(struct talk *talk, const char *text)
{
    wait_for(talk, "code: ");
    CHECK(write(talk->terminal, text, strlen(text)) == (ssize_t)strlen(text));
}

static bool echoes(int terminal)
{
    struct termios now;
    return tcgetattr(terminal, &now) == 0 && (now.c_lflag & (ECHO | ICANON)) == (ECHO | ICANON);
}

/* What the child said at its end, the terminal being as it was; and the signal it died of. */
static void finish(struct talk *talk, const char *expected, int killed_by)
{
    char said[400] = "";
    size_t len = 0;
    int how;
    for (ssize_t got = 1; got > 0; len += got > 0 ? (size_t)got : 0)
        got = read(talk->pipe, said + len, sizeof said - 1 - len);
    CHECK_TEXT(said, expected);
    CHECK(waitpid(talk->child, &how, 0) == talk->child);
    CHECK(killed_by ? WIFSIGNALED(how) && WTERMSIG(how) == killed_by
                    : WIFEXITED(how) && WEXITSTATUS(how) == 0);
    CHECK(echoes(talk->terminal));
    CHECK(strstr(talk->shown, "canary") == NULL);
    close(talk->pipe);
    close(talk->terminal);
}

TEST(reads_a_line)
{
    struct talk talk;
    start(&talk, ask_for_long);
    wait_for(&talk, "code: ");
    CHECK(!echoes(talk.terminal));
    type(&talk, "canary 1\n");
    wait_for(&talk, "\n");
    finish(&talk, "canary 1|ok", 0);
    start(&talk, ask_for_long);
    type(&talk, "\r");
    finish(&talk, "|ok", 0);
}

TEST(reads_a_line_in_pieces)
{
    struct talk talk;
    start(&talk, ask_for_long);
    type(&talk, "can\4ary\n");
    finish(&talk, "canary|ok", 0);
}

TEST(has_a_longest_line)
{
    struct talk talk;
    char line[ECR_TERMINAL_LINE + 20], expected[ECR_TERMINAL_LINE + 20];
    snprintf(line, sizeof line, "%0*d\n", ECR_TERMINAL_LINE, 7);
    snprintf(expected, sizeof expected, "%0*d|ok", ECR_TERMINAL_LINE, 7);
    start(&talk, ask_for_long);
    type(&talk, line);
    finish(&talk, expected, 0);
    snprintf(line, sizeof line, "%0*d\n", ECR_TERMINAL_LINE + 1, 7);
    start(&talk, ask_for_long);
    type(&talk, line);
    finish(&talk, "|too_long", 0);
}

TEST(waits_no_longer_than_it_may)
{
    struct talk talk;
    start(&talk, ask_for_no_time);
    finish(&talk, "|timeout", 0);
}

TEST(ends_with_the_input)
{
    struct talk talk;
    start(&talk, ask_for_long);
    type(&talk, "\4");
    finish(&talk, "|interrupted", 0);
}

TEST(leaves_a_caught_signal_to_its_catcher)
{
    struct talk talk;
    start(&talk, ask_and_catch);
    type(&talk, "canary\3");
    finish(&talk, "|interrupted|2", 0);
    start(&talk, ask_and_catch);
    wait_for(&talk, "code: ");
    kill(talk.child, SIGTERM);
    finish(&talk, "|interrupted|15", 0);
}

TEST(dies_of_a_signal_that_nobody_catches)
{
    struct talk talk;
    start(&talk, ask_for_long);
    type(&talk, "canary\3");
    finish(&talk, "", SIGINT);
    start(&talk, ask_for_long);
    wait_for(&talk, "code: ");
    kill(talk.child, SIGTERM);
    finish(&talk, "", SIGTERM);
}

/* Control-\ and control-Z are for later. */
TEST(holds_other_signals)
{
    struct talk talk;
    start(&talk, ask_for_long);
    type(&talk, "\x1c");
    type(&talk, "canary\n");
    finish(&talk, "", SIGQUIT);
}

TEST(needs_a_terminal)
{
    struct talk talk;
    int how;
    start(&talk, ask_in_the_background);
    finish(&talk, "|no_terminal", 0);
    pid_t child = fork();
    if (child == 0) {
        struct ecr_buf answer;
        struct ecr_error error = {.code = "?"};
        setsid();
        ecr_buf_init_secret(&answer, ECR_TERMINAL_LINE + 1);
        ecr_terminal_ask("code: ", 60, &answer, &error);
        ecr_buf_clear(&answer);
        _exit(strcmp(error.code, "no_terminal") == 0 && error.status == ECR_AUTH ? 0 : 1);
    }
    CHECK(waitpid(child, &how, 0) == child && WIFEXITED(how) && WEXITSTATUS(how) == 0);
}

int main(void)
{
    RUN("a line is read and not shown", reads_a_line);
    RUN("an end of input in the middle of a line is none", reads_a_line_in_pieces);
    RUN("a line has a maximum", has_a_longest_line);
    RUN("nobody is waited for longer than that", waits_no_longer_than_it_may);
    RUN("an end of input is no answer", ends_with_the_input);
    RUN("a signal that is caught is left to its catcher", leaves_a_caught_signal_to_its_catcher);
    RUN("a signal that nobody catches ends the process, the terminal as it was",
        dies_of_a_signal_that_nobody_catches);
    RUN("what would end or stop the process waits until the terminal is as it was",
        holds_other_signals);
    RUN("without a terminal nobody is asked", needs_a_terminal);
    return unit_end();
}
