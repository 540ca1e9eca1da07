/*
 * The sandbox helper: builds the Linux side of a container and is its first process (linux-backend.md 4, 5).
 *
 * It decides nothing. It runs a *program*, a list of steps that `src/host/linux/sandbox-plan.ts` makes, in order; a step is
 *   u16 count, then count times: u32 length, bytes, one NUL
 * (little-endian), the first word being its name. A name that begins with `-` may fail. The program arrives on descriptor 3
 * as u32 length + steps (`porthole-sandbox control`), or is a file (`porthole-sandbox file PATH`).
 *
 * Lines that it writes to descriptor 3: `sandbox PID`, `report TEXT`, `error STEP ERRNO DETAIL`, `launcher STATUS`,
 * `killed SIGNAL NAME`, `ok`, `failed ERRNO`, `exit STATUS`. Lines that the first process reads there: `go`, `mkfifo PATH`, `launcher USER=NAME CHANNEL`,
 * `terminate`, `pause`, `resume`.
 * The end of descriptor 3 means that the monitor is gone, and ends the container.
 */
#ifndef PORTHOLE_SANDBOX_H
#define PORTHOLE_SANDBOX_H

#include "syscalls.h"

#define CONTROL 3
#define MAX_WORDS 256

struct step {
    int count;
    char *words[MAX_WORDS + 1];
    unsigned sizes[MAX_WORDS + 1];
};

/* text.c */
size_t length_of(const char *text);
int equal(const char *a, const char *b);
int starts_with(const char *text, const char *prefix);
long number_of(const char *text);
/* Writes one line made of the given words, the last one NULL. */
void say(int fd, const char *const *words);
char *decimal(long value, char *room);
void copy(void *to, const void *from, size_t size);

/* main.c */
void ignore_signal(int signal);

/* steps.c */
long run_step(struct step *step);
extern char *environment[MAX_WORDS + 1];

/* first.c */
void serve(struct step *step, int settles) __attribute__((noreturn));
void report_line(const char *word, const char *value);
/* Bytes of descriptor 3 up to a line end, NULL at its end. */
char *next_line(void);

#endif
