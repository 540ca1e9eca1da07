/* The first process of a container: starts the launcher, reaps orphans, and flushes the registry before everything ends. */
#include "sandbox.h"

/* Wine writes the registry only when its server ends; that takes about 75 ms (linux-backend.md 8). */
#define FLUSH_LIMIT_MS 5000
/* After a set-up program Wine's services go on for some seconds and then end by themselves. */
#define SETTLE_LIMIT_MS 60000

void report_line(const char *word, const char *value)
{
    const char *words[] = {word, value, 0};
    say(CONTROL, words);
}

static char buffer[4096];
static size_t size, used;

static int line_waiting(void)
{
    size_t at;
    for (at = used; at < size; at++)
        if (buffer[at] == '\n') return 1;
    return 0;
}

char *next_line(void)
{
    for (;;) {
        size_t at;
        long got;
        for (at = used; at < size; at++) {
            if (buffer[at] == '\n') {
                char *line = buffer + used;
                buffer[at] = 0;
                used = at + 1;
                return line;
            }
        }
        if (used) {
            copy(buffer, buffer + used, size - used);
            size -= used;
            used = 0;
        }
        if (size == sizeof(buffer)) return 0;
        got = sys_read(CONTROL, buffer + size, sizeof(buffer) - size);
        if (got == -EINTR) continue;
        if (got <= 0) return 0;
        size += (size_t)got;
    }
}

static long now_ms(void)
{
    long time[2];
    sys_clock_gettime(1, time);
    return time[0] * 1000 + time[1] / 1000000;
}

struct entry {
    unsigned long inode;
    long offset;
    unsigned short size;
    unsigned char type;
    char name[];
};

/* The kernel's name of a process, at most 15 characters; empty when it is gone. */
static void name_of(const char *pid, char name[16])
{
    char path[64] = "/proc/";
    size_t at = 6;
    long fd, got;
    name[0] = 0;
    copy(path + at, pid, length_of(pid));
    at += length_of(pid);
    copy(path + at, "/comm", 6);
    fd = sys_open(path, O_RDONLY | O_CLOEXEC, 0);
    if (fd < 0) return;
    got = sys_read((int)fd, name, 15);
    sys_close((int)fd);
    if (got <= 0) return;
    name[name[got - 1] == '\n' ? got - 1 : got] = 0;
}

static int is_server(const char *pid)
{
    char name[16];
    name_of(pid, name);
    return starts_with(name, "wineserver");
}

/* Signals every process whose being Wine's server equals `servers`; returns how many there are. */
static int signal_where(int servers, int signal)
{
    char buffer[4096];
    int count = 0;
    long got, fd = sys_open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
    if (fd < 0) return 0;
    while ((got = sys_getdents((int)fd, buffer, sizeof(buffer))) > 0) {
        long at = 0;
        while (at < got) {
            struct entry *entry = (struct entry *)(buffer + at);
            long pid = number_of(entry->name);
            at += entry->size;
            if (pid > 1 && is_server(entry->name) == servers && sys_kill((int)pid, signal) == 0) count++;
        }
    }
    sys_close((int)fd);
    return count;
}

/* A zombie has its name still. */
static int next_dead(void)
{
    /* siginfo_t: the process ID is behind three numbers and their padding. */
    int information[32] = {0};
    return sys_waitid(information, WEXITED | WNOWAIT | WNOHANG) < 0 ? 0 : information[4];
}

static void reap(int launcher, int *launcher_gone)
{
    char room[24], number[24], name[16];
    int status, pid;
    while ((pid = next_dead()) > 0) {
        name_of(decimal(pid, number), name);
        sys_wait(pid, &status, WNOHANG);
        /* Wine reports such a death as exit code 0. */
        if (status & 0x7f) {
            const char *words[] = {"killed", decimal(status & 0x7f, room), name, 0};
            say(CONTROL, words);
        }
        if (pid != launcher) continue;
        *launcher_gone = 1;
        report_line("launcher", decimal(status, room));
    }
}

static void __attribute__((noreturn)) finish(int signals)
{
    long begun = now_ms();
    int ignored = 0;
    /* A stopped server could not hear it. */
    signal_where(1, SIGCONT);
    signal_where(1, SIGTERM);
    while (now_ms() - begun < FLUSH_LIMIT_MS) {
        struct pollfd wait = {signals, POLLIN, 0};
        char drained[128];
        reap(-1, &ignored);
        if (!signal_where(1, 0)) break;
        if (sys_poll(&wait, 1, 20) > 0) sys_read(signals, drained, sizeof(drained));
    }
    sys_exit(0);
}

static struct step *launch;

/* For the template: what the services still install has to be in it. */
static void settle(int signals)
{
    long begun = now_ms();
    int ignored = 0;
    while (now_ms() - begun < SETTLE_LIMIT_MS) {
        struct pollfd wait[2] = {{signals, POLLIN, 0}, {CONTROL, POLLIN, 0}};
        char drained[128];
        reap(-1, &ignored);
        if (!signal_where(0, 0)) return;
        if (sys_poll(wait, 2, 100) > 0 && wait[1].revents) return;
        if (wait[0].revents) sys_read(signals, drained, sizeof(drained));
    }
}

static int start_launcher(void)
{
    unsigned long none = 0;
    long pid = sys_fork();
    if (pid) return (int)pid;
    sys_sigprocmask(SIG_SETMASK, &none);
    sys_fcntl(CONTROL, F_SETFD, FD_CLOEXEC);
    sys_setsid();
    sys_execve(launch->words[1], launch->words + 1, environment);
    sys_exit(127);
}

/*
 * Wine takes the account's name from the Unix environment that a program inherits: each account has a launcher of its own.
 * Both texts stay in use: the variable (`USER=name`), and the path of the control channel, which is the launcher's last word.
 */
static int start_launcher_as(const char *variable, const char *channel)
{
    char *kept_variable = 0, *kept_channel = launch->words[launch->count - 1];
    int at, pid;
    for (at = 0; environment[at]; at++)
        if (starts_with(environment[at], "USER=")) break;
    if (!environment[at]) return -EINVAL;
    kept_variable = environment[at];
    environment[at] = (char *)variable;
    launch->words[launch->count - 1] = (char *)channel;
    pid = start_launcher();
    environment[at] = kept_variable;
    launch->words[launch->count - 1] = kept_channel;
    return pid;
}

static void answer(long result)
{
    char room[24];
    if (result < 0) report_line("failed", decimal(-result, room));
    else report_line("ok", 0);
}

static void obey(char *line, int signals)
{
    if (!line || equal(line, "terminate")) finish(signals);
    if (starts_with(line, "mkfifo ")) {
        answer(sys_mknod(line + 7, S_IFIFO | 0600));
    } else if (starts_with(line, "launcher ")) {
        char *at = line + 9;
        while (*at && *at != ' ') at++;
        if (*at) *at++ = 0;
        answer(start_launcher_as(line + 9, at));
    } else if (equal(line, "pause")) {
        signal_where(0, SIGSTOP);
        answer(0);
    } else if (equal(line, "resume")) {
        signal_where(0, SIGCONT);
        answer(0);
    } else {
        answer(-EINVAL);
    }
}

void serve(struct step *step, int settles)
{
    unsigned long mask = 1ul << (SIGCHLD - 1);
    int launcher = 0, launcher_gone = 0, signals;
    sys_sigprocmask(SIG_BLOCK, &mask);
    signals = (int)sys_signalfd(&mask);
    launch = step;
    launcher = start_launcher();
    for (;;) {
        struct pollfd fds[2] = {{CONTROL, POLLIN, 0}, {signals, POLLIN, 0}};
        if (sys_poll(fds, 2, -1) < 0) continue;
        if (fds[1].revents) {
            char drained[128];
            sys_read(signals, drained, sizeof(drained));
            reap(launcher, &launcher_gone);
            if (launcher_gone) {
                if (settles) settle(signals);
                finish(signals);
            }
        }
        if (fds[0].revents)
            do obey(next_line(), signals);
            while (line_waiting());
    }
}
