/*
 * The few system calls of x86-64 Linux that the helper needs, without a C library: the binary is small, static, the same on
 * every distribution, and carries no third-party code.
 */
#ifndef PORTHOLE_SYSCALLS_H
#define PORTHOLE_SYSCALLS_H

#include <linux/capability.h>
#include <linux/fcntl.h>
#include <linux/filter.h>
#include <linux/mount.h>
#include <linux/poll.h>
#include <linux/prctl.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <asm/signal.h>
#include <linux/sockios.h>
#include <linux/wait.h>
#include <asm/errno.h>
#include <asm/statfs.h>
#include <asm/termbits.h>
#include <asm/ioctls.h>
#include <asm/unistd.h>

typedef unsigned long size_t;

/* From headers that do not go together with the ones above. */
#define S_IFIFO 0010000
#define MNT_DETACH 2
#define IFF_UP 1
struct interface_request {
    char name[16];
    short flags;
    char rest[22];
};

static inline long call6(long number, long a, long b, long c, long d, long e, long f)
{
    long result;
    register long r10 __asm__("r10") = d;
    register long r8 __asm__("r8") = e;
    register long r9 __asm__("r9") = f;
    __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9) : "rcx", "r11", "memory");
    return result;
}

#define CALL(number, a, b, c, d, e) call6(number, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), 0)

/* All return a negative errno on failure. */
static inline long sys_read(int fd, void *to, size_t size) { return CALL(__NR_read, fd, to, size, 0, 0); }
static inline long sys_write(int fd, const void *from, size_t size) { return CALL(__NR_write, fd, from, size, 0, 0); }
static inline long sys_open(const char *path, int flags, int mode) { return CALL(__NR_openat, AT_FDCWD, path, flags, mode, 0); }
static inline long sys_close(int fd) { return CALL(__NR_close, fd, 0, 0, 0, 0); }
static inline long sys_fcntl(int fd, int command, long value) { return CALL(__NR_fcntl, fd, command, value, 0, 0); }
static inline long sys_ioctl(int fd, long request, void *value) { return CALL(__NR_ioctl, fd, request, value, 0, 0); }
static inline long sys_getdents(int fd, void *to, size_t size) { return CALL(__NR_getdents64, fd, to, size, 0, 0); }
static inline long sys_mkdir(const char *path, int mode) { return CALL(__NR_mkdir, path, mode, 0, 0, 0); }
static inline long sys_mknod(const char *path, int mode) { return CALL(__NR_mknod, path, mode, 0, 0, 0); }
static inline long sys_symlink(const char *target, const char *path) { return CALL(__NR_symlink, target, path, 0, 0, 0); }
static inline long sys_chdir(const char *path) { return CALL(__NR_chdir, path, 0, 0, 0, 0); }
static inline long sys_umask(int mask) { return CALL(__NR_umask, mask, 0, 0, 0, 0); }
static inline long sys_statfs(const char *path, struct statfs *to) { return CALL(__NR_statfs, path, to, 0, 0, 0); }
static inline long sys_mount(const char *source, const char *target, const char *type, unsigned long flags, const void *data)
{
    return CALL(__NR_mount, source, target, type, flags, data);
}
static inline long sys_umount(const char *target, int flags) { return CALL(__NR_umount2, target, flags, 0, 0, 0); }
static inline long sys_mount_setattr(const char *path, unsigned flags, struct mount_attr *attributes)
{
    return CALL(__NR_mount_setattr, AT_FDCWD, path, flags, attributes, sizeof(*attributes));
}
static inline long sys_pivot_root(const char *new_root, const char *put_old) { return CALL(__NR_pivot_root, new_root, put_old, 0, 0, 0); }
static inline long sys_unshare(unsigned long flags) { return CALL(__NR_unshare, flags, 0, 0, 0, 0); }
static inline long sys_setns(int fd, int type) { return CALL(__NR_setns, fd, type, 0, 0, 0); }
static inline long sys_fork(void) { return CALL(__NR_fork, 0, 0, 0, 0, 0); }
static inline long sys_execve(const char *path, char **argv, char **envp) { return CALL(__NR_execve, path, argv, envp, 0, 0); }
static inline long sys_wait(int pid, int *status, int options) { return CALL(__NR_wait4, pid, status, options, 0, 0); }
static inline long sys_waitid(void *information, int options) { return CALL(__NR_waitid, 0, 0, information, options, 0); }
static inline long sys_kill(int pid, int signal) { return CALL(__NR_kill, pid, signal, 0, 0, 0); }
static inline long sys_getpid(void) { return CALL(__NR_getpid, 0, 0, 0, 0, 0); }
static inline long sys_setsid(void) { return CALL(__NR_setsid, 0, 0, 0, 0, 0); }
static inline long sys_sethostname(const char *name, size_t size) { return CALL(__NR_sethostname, name, size, 0, 0, 0); }
static inline long sys_prctl(int option, unsigned long a, unsigned long b) { return CALL(__NR_prctl, option, a, b, 0, 0); }
static inline long sys_personality(unsigned long flags) { return CALL(__NR_personality, flags, 0, 0, 0, 0); }
static inline long sys_capset(struct __user_cap_header_struct *header, struct __user_cap_data_struct *data)
{
    return CALL(__NR_capset, header, data, 0, 0, 0);
}
static inline long sys_seccomp(unsigned operation, unsigned flags, void *argument) { return CALL(__NR_seccomp, operation, flags, argument, 0, 0); }
static inline long sys_prlimit(int resource, const void *limit) { return CALL(__NR_prlimit64, 0, resource, limit, 0, 0); }
static inline long sys_socket(int family, int type) { return CALL(__NR_socket, family, type, 0, 0, 0); }
static inline long sys_poll(struct pollfd *fds, unsigned count, int timeout) { return CALL(__NR_poll, fds, count, timeout, 0, 0); }
static inline long sys_sigprocmask(int how, const unsigned long *set) { return CALL(__NR_rt_sigprocmask, how, set, 0, sizeof(*set), 0); }
static inline long sys_signalfd(const unsigned long *set) { return CALL(__NR_signalfd4, -1, set, sizeof(*set), O_CLOEXEC, 0); }
static inline long sys_clock_gettime(int clock, long *to) { return CALL(__NR_clock_gettime, clock, to, 0, 0, 0); }
static inline void *sys_map(size_t size) { return (void *)call6(__NR_mmap, 0, (long)size, 3, 0x22, -1, 0); }
static inline void __attribute__((noreturn)) sys_exit(int code)
{
    for (;;) CALL(__NR_exit_group, code, 0, 0, 0, 0);
}

#endif
