#include "sandbox.h"

static char *bytes;
static size_t total;

static long read_fully(int fd, char *to, size_t size)
{
    while (size) {
        long got = sys_read(fd, to, size);
        if (got == -EINTR) continue;
        if (got <= 0) return got ? got : -EPIPE;
        to += got;
        size -= (size_t)got;
    }
    return 0;
}

static long load(int fd)
{
    unsigned size = 0;
    long result = read_fully(fd, (char *)&size, 4);
    if (result) return result;
    if (size > 16 << 20) return -E2BIG;
    bytes = sys_map(size + 1);
    if ((unsigned long)bytes > -4096ul) return -ENOMEM;
    total = size;
    return read_fully(fd, bytes, size);
}

static size_t next_step(size_t at, struct step *step)
{
    unsigned short count;
    int i;
    if (total - at < 2) return 0;
    copy(&count, bytes + at, 2);
    at += 2;
    if (!count || count > MAX_WORDS) return 0;
    for (i = 0; i < count; i++) {
        unsigned size;
        if (total - at < 4) return 0;
        copy(&size, bytes + at, 4);
        at += 4;
        if (total - at < (size_t)size + 1) return 0;
        step->words[i] = bytes + at;
        step->sizes[i] = size;
        at += (size_t)size + 1;
    }
    step->words[count] = 0;
    step->count = count;
    return at;
}

static void __attribute__((noreturn)) fail(int fd, const char *step, long result, const char *detail)
{
    char room[24];
    const char *words[] = {"error", step, decimal(-result, room), detail, 0};
    say(fd, words);
    sys_exit(125);
}

void ignore_signal(int signal)
{
    struct {
        void *handler;
        unsigned long flags;
        void *restorer;
        unsigned long mask;
    } ignore = {(void *)1, 0, 0, 0};
    CALL(__NR_rt_sigaction, signal, &ignore, 0, 8, 0);
}

void __attribute__((used, noreturn)) helper_main(long *stack)
{
    long count = stack[0], result;
    char **words = (char **)(stack + 1);
    static struct step step;
    size_t at = 0;
    int complaints = CONTROL;
    ignore_signal(SIGPIPE);

    if (count == 2 && equal(words[1], "control")) {
        result = load(CONTROL);
    } else if (count == 3 && equal(words[1], "file")) {
        complaints = 2;
        result = sys_open(words[2], O_RDONLY | O_CLOEXEC, 0);
        if (result >= 0) {
            int fd = (int)result;
            result = load(fd);
            sys_close(fd);
        }
    } else {
        fail(2, "arguments", -EINVAL, "porthole-sandbox control | file PATH");
    }
    if (result < 0) fail(complaints, "program", result, "unreadable");

    while (at < total) {
        at = next_step(at, &step);
        if (!at) fail(complaints, "program", -EINVAL, "malformed");
        result = run_step(&step);
        if (result < 0 && *step.words[0] != '-')
            fail(complaints, step.words[0], result, step.count > 2 && equal(step.words[0], "bind") ? step.words[1] : step.count > 1 ? step.words[1] : "");
    }
    sys_exit(0);
}

__asm__(".globl _start\n_start:\n\txor %rbp, %rbp\n\tmov %rsp, %rdi\n\tand $-16, %rsp\n\tcall helper_main\n");
