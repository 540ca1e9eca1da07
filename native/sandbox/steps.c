#include "sandbox.h"

char *environment[MAX_WORDS + 1];
static int environment_count;

enum bind_flag { BIND_RECURSIVE = 1, BIND_READ_ONLY = 2, BIND_NOSUID = 4, BIND_NODEV = 8, BIND_NOEXEC = 16 };

static long write_all(const char *path, int flags, int mode, const char *bytes, size_t size)
{
    long fd = sys_open(path, flags | O_WRONLY | O_CLOEXEC, mode);
    long result = 0;
    if (fd < 0) return fd;
    while (size && result >= 0) {
        result = sys_write((int)fd, bytes, size);
        if (result > 0) bytes += result, size -= (size_t)result;
    }
    sys_close((int)fd);
    return result < 0 ? result : 0;
}

static long make_directories(char *path)
{
    char *at;
    long result;
    for (at = path + 1; *at; at++) {
        if (*at != '/') continue;
        *at = 0;
        sys_mkdir(path, 0755);
        *at = '/';
    }
    result = sys_mkdir(path, 0755);
    return result == -EEXIST ? 0 : result;
}

/* Kernels before 5.12 have no mount_setattr: there the mount's own flags have to be repeated. */
static long restrict_mount(const char *target, long flags)
{
    struct mount_attr attributes = {0};
    struct statfs now;
    unsigned long remount = MS_REMOUNT | MS_BIND;
    long result;
    if (flags & BIND_READ_ONLY) attributes.attr_set |= MOUNT_ATTR_RDONLY, remount |= MS_RDONLY;
    if (flags & BIND_NOSUID) attributes.attr_set |= MOUNT_ATTR_NOSUID, remount |= MS_NOSUID;
    if (flags & BIND_NODEV) attributes.attr_set |= MOUNT_ATTR_NODEV, remount |= MS_NODEV;
    if (flags & BIND_NOEXEC) attributes.attr_set |= MOUNT_ATTR_NOEXEC, remount |= MS_NOEXEC;
    if (!attributes.attr_set) return 0;
    result = sys_mount_setattr(target, flags & BIND_RECURSIVE ? AT_RECURSIVE : 0, &attributes);
    if (result != -ENOSYS) return result;
    result = sys_statfs(target, &now);
    if (result < 0) return result;
    return sys_mount(0, target, 0, remount | ((unsigned long)now.f_flags & (MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC)), 0);
}

static long bind_mount(const char *source, const char *target, long flags)
{
    long result = sys_mount(source, target, 0, MS_BIND | (flags & BIND_RECURSIVE ? MS_REC : 0), 0);
    return result < 0 ? result : restrict_mount(target, flags);
}

static long pivot(const char *root)
{
    long result = sys_chdir(root);
    if (!result) result = sys_pivot_root(".", ".");
    if (!result) result = sys_umount(".", MNT_DETACH);
    return result ? result : sys_chdir("/");
}

static long map_ids(const char *user, const char *group)
{
    char line[64], *at;
    const char *const names[] = {"/proc/self/uid_map", "/proc/self/gid_map"};
    const char *const ids[] = {user, group};
    long result;
    int i;
    write_all("/proc/self/setgroups", 0, 0, "deny", 4);
    for (i = 0; i < 2; i++) {
        at = line;
        *at++ = '0';
        *at++ = ' ';
        copy(at, ids[i], length_of(ids[i]));
        at += length_of(ids[i]);
        *at++ = ' ';
        *at++ = '1';
        result = write_all(names[i], 0, 0, line, (size_t)(at - line));
        if (result < 0) return result;
    }
    return 0;
}

static long bring_up(const char *name)
{
    struct interface_request request = {0};
    long fd = sys_socket(2, 2), result;
    if (fd < 0) return fd;
    if (length_of(name) >= sizeof(request.name)) return -EINVAL;
    copy(request.name, name, length_of(name));
    result = sys_ioctl((int)fd, SIOCGIFFLAGS, &request);
    if (result >= 0) {
        request.flags |= IFF_UP;
        result = sys_ioctl((int)fd, SIOCSIFFLAGS, &request);
    }
    sys_close((int)fd);
    return result;
}

static long drop_capabilities(void)
{
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct data[2] = {{0, 0, 0}, {0, 0, 0}};
    unsigned long capability;
    sys_prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0);
    for (capability = 0; capability < 64; capability++)
        if (sys_prctl(PR_CAPBSET_DROP, capability, 0) < 0) break;
    return sys_capset(&header, data);
}

static long filter_calls(char *bytes, size_t size)
{
    struct sock_fprog program;
    program.len = (unsigned short)(size / sizeof(struct sock_filter));
    program.filter = (struct sock_filter *)bytes;
    return sys_seccomp(SECCOMP_SET_MODE_FILTER, 0, &program);
}

/*
 * What is typed before Wine's console host has taken the terminal over must reach it as typed, without echo, and output must
 * not get a second carriage return. Ctrl+C stays the kernel's: Wine makes its console event of the signal, and only of it.
 */
static long make_raw(void)
{
    struct termios mode;
    long result = sys_ioctl(0, TCGETS, &mode);
    if (result < 0) return result;
    mode.c_iflag &= ~(unsigned)(IGNBRK | BRKINT | PARMRK | ISTRIP | INLCR | IGNCR | ICRNL | IXON);
    mode.c_oflag &= ~(unsigned)OPOST;
    mode.c_lflag &= ~(unsigned)(ECHO | ECHONL | ICANON | IEXTEN);
    mode.c_cc[VQUIT] = mode.c_cc[VSUSP] = 0;
    return sys_ioctl(0, TCSETS, &mode);
}

/* Every descriptor is opened first: after entering the mount namespace the host's /proc is out of sight. */
static long enter(const char *pid, const char *const *kinds, int count)
{
    static const struct {
        const char *name;
        int flag;
    } known[] = {{"user", CLONE_NEWUSER}, {"mnt", CLONE_NEWNS}, {"pid", CLONE_NEWPID}, {"net", CLONE_NEWNET}, {"uts", CLONE_NEWUTS}, {"ipc", CLONE_NEWIPC}};
    long fds[8], result = 0;
    int flags[8], i;
    unsigned k;
    if (count > 8) return -E2BIG;
    for (i = 0; i < count; i++) {
        char path[96], *at = path;
        const char *parts[] = {"/proc/", pid, "/ns/", kinds[i]};
        for (k = 0; k < 4; k++) {
            copy(at, parts[k], length_of(parts[k]));
            at += length_of(parts[k]);
        }
        *at = 0;
        flags[i] = 0;
        for (k = 0; k < sizeof(known) / sizeof(*known); k++)
            if (equal(known[k].name, kinds[i])) flags[i] = known[k].flag;
        fds[i] = sys_open(path, O_RDONLY | O_CLOEXEC, 0);
        if (fds[i] < 0) return fds[i];
    }
    for (i = 0; i < count && !result; i++) {
        result = sys_setns((int)fds[i], flags[i]);
        sys_close((int)fds[i]);
    }
    return result;
}

static long enter_file(const char *path)
{
    long fd = sys_open(path, O_RDONLY | O_CLOEXEC, 0), result;
    if (fd < 0) return fd;
    result = sys_setns((int)fd, 0);
    sys_close((int)fd);
    return result;
}

/* The parent stays as the one whose death ends the child, and passes its end on. */
static long split(void)
{
    char room[24];
    int status = 0;
    long pid = sys_fork();
    if (pid < 0) return pid;
    if (pid == 0) return sys_prctl(PR_SET_PDEATHSIG, SIGKILL, 0);
    /* Meant for the programs on a terminal, not for us. */
    ignore_signal(SIGINT);
    report_line("sandbox", decimal(pid, room));
    while (sys_wait((int)pid, &status, 0) == -EINTR) continue;
    report_line("exit", decimal(status, room));
    sys_exit(status & 0x7f ? 128 + (status & 0x7f) : status >> 8 & 0xff);
}

static long limit(const char *resource, const char *value)
{
    unsigned long pair[2];
    pair[0] = pair[1] = (unsigned long)number_of(value);
    return sys_prlimit((int)number_of(resource), pair);
}

static long add_personality(unsigned long flags)
{
    long result = sys_personality(0xffffffff);
    if (result >= 0) result = sys_personality((unsigned long)result | flags);
    return result < 0 ? result : 0;
}

long run_step(struct step *step)
{
    char **w = step->words;
    const char *name = *w[0] == '-' ? w[0] + 1 : w[0];
    int count = step->count - 1;

#define IS(word, arguments) (equal(name, word) && count >= (arguments))
    if (IS("write", 2)) return write_all(w[1], 0, 0, w[2], step->sizes[2]);
    if (IS("file", 3)) return write_all(w[1], O_CREAT | O_TRUNC, (int)number_of(w[2]), w[3], step->sizes[3]);
    if (IS("mkdir", 2)) return sys_mkdir(w[1], (int)number_of(w[2]));
    if (IS("mkdirs", 1)) return make_directories(w[1]);
    if (IS("symlink", 2)) return sys_symlink(w[1], w[2]);
    if (IS("mkfifo", 1)) return sys_mknod(w[1], S_IFIFO | 0600);
    if (IS("mount", 5)) return sys_mount(w[1], w[2], w[3], (unsigned long)number_of(w[4]), w[5]);
    if (IS("bind", 3)) return bind_mount(w[1], w[2], number_of(w[3]));
    if (IS("restrict", 2)) return restrict_mount(w[1], number_of(w[2]));
    if (IS("chdir", 1)) return sys_chdir(w[1]);
    if (IS("pivot", 1)) return pivot(w[1]);
    if (IS("hostname", 1)) return sys_sethostname(w[1], length_of(w[1]));
    if (IS("up", 1)) return bring_up(w[1]);
    if (IS("unshare", 1)) return sys_unshare((unsigned long)number_of(w[1]));
    if (IS("idmap", 2)) return map_ids(w[1], w[2]);
    if (IS("netns", 1)) return enter_file(w[1]);
    if (IS("enter", 2)) return enter(w[1], (const char *const *)w + 2, count - 1);
    if (IS("fork", 0)) return split();
    if (IS("caps", 0)) return drop_capabilities();
    if (IS("nnp", 0)) return sys_prctl(PR_SET_NO_NEW_PRIVS, 1, 0);
    if (IS("seccomp", 1)) return filter_calls(w[1], step->sizes[1]);
    if (IS("personality", 1)) return add_personality((unsigned long)number_of(w[1]));
    if (IS("rlimit", 2)) return limit(w[1], w[2]);
    if (IS("umask", 1)) return sys_umask((int)number_of(w[1])) & 0;
    if (IS("raw", 0)) return make_raw();
    if (IS("setsid", 0)) return sys_setsid() & 0;
    if (IS("env", 1)) {
        if (environment_count == MAX_WORDS) return -E2BIG;
        environment[environment_count++] = w[1];
        return 0;
    }
    if (IS("report", 1)) {
        report_line("report", w[1]);
        return 0;
    }
    if (IS("wait", 0)) {
        char *line = next_line();
        return line && equal(line, "go") ? 0 : -ECANCELED;
    }
    if (IS("serve", 1)) serve(step, 0);
    if (IS("settle", 1)) serve(step, 1);
    if (IS("exec", 1)) {
        sys_fcntl(CONTROL, F_SETFD, FD_CLOEXEC);
        return sys_execve(w[1], w + 1, environment);
    }
    return -EINVAL;
}
