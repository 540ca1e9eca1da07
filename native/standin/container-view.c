/*
 * The Unix side of a container in the rig: one process that lives as long as the compute system. Wine finds drives in the folder
 * that WINEPREFIX names and its server by a socket, so a program that is given the rig's server and another folder shares
 * everything with the rig (handles, pipes, processes, registry) and has a C: of its own: the container's volume.
 *
 *   container-view VIEW VOLUME SKELETON SHADOWS PREFIX LOADER PROGRAM ARGUMENT [PATH FOLDER]...
 *
 * VIEW      folder that is made, with the drives; gone again when everything is cleaned up
 * VOLUME    what C: is. At the first start it gets the files of SKELETON, Wine's own, where it has none of that name;
 *           WcSandboxState/wine then names SKELETON, so that exports leave them out
 * SHADOWS   what native/standin/shadow.h keeps by file number: entries of files that programs deleted are removed at the end,
 *           because the number may have been given to another file
 * PREFIX    the rig's prefix
 * PROGRAM   what LOADER runs, in VOLUME, with one argument
 * PATH      below VOLUME, where FOLDER is shown while it runs: a mapped directory. What lies there meanwhile waits in
 *           WcSandboxState. Links cannot be read-only, so that nothing here keeps programs from writing into FOLDER
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static void join(char *path, const char *folder, const char *name)
{
    if (snprintf(path, PATH_MAX, "%s/%s", folder, name) >= PATH_MAX) exit(1);
}

/* ---- Wine's files ---- */

static void copy_file(const char *from, const char *to, const struct stat *status)
{
    char bytes[65536];
    ssize_t size;
    const struct timespec times[2] = {status->st_atim, status->st_mtim};
    int in = open(from, O_RDONLY | O_CLOEXEC), out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, status->st_mode & 0777);
    if (in < 0 || out < 0) exit(1);
    while ((size = read(in, bytes, sizeof(bytes))) > 0)
        if (write(out, bytes, (size_t)size) != size) exit(1);
    futimens(out, times);
    close(in);
    close(out);
}

/* The name as the folder spells it; FALSE = it has none. */
static int spelled(DIR *folder, const char *name, char *found)
{
    const struct dirent *entry;
    rewinddir(folder);
    while ((entry = readdir(folder)))
        if (!strcasecmp(entry->d_name, name)) {
            strcpy(found, entry->d_name);
            return 1;
        }
    return 0;
}

static void merge(const char *from, const char *to)
{
    DIR *source = opendir(from), *target = opendir(to);
    const struct dirent *entry;
    if (!source || !target) exit(1);
    while ((entry = readdir(source))) {
        char own[PATH_MAX], path[PATH_MAX], other[PATH_MAX], name[NAME_MAX + 1];
        struct stat status, there;
        int known;
        if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..")) continue;
        join(own, from, entry->d_name);
        join(path, to, entry->d_name);
        if (lstat(own, &status)) exit(1);
        known = !lstat(path, &there);
        if (!known && spelled(target, entry->d_name, name)) {
            join(other, to, name);
            strcpy(path, other);
            known = !lstat(path, &there);
        }
        if (S_ISDIR(status.st_mode)) {
            if (!known && mkdir(path, 0755)) exit(1);
            if (!known || S_ISDIR(there.st_mode)) merge(own, path);
        } else if (!known) {
            copy_file(own, path, &status);
        }
    }
    closedir(source);
    closedir(target);
}

static void install(const char *skeleton, const char *volume)
{
    char folder[PATH_MAX], marker[PATH_MAX];
    FILE *file;
    join(folder, volume, "WcSandboxState");
    join(marker, folder, "wine");
    if (!access(marker, F_OK)) return;
    merge(skeleton, volume);
    mkdir(folder, 0755);
    if (!(file = fopen(marker, "we"))) exit(1);
    fputs(skeleton, file);
    fclose(file);
}

/* ---- the view ---- */

static void make_view(const char *view, const char *volume)
{
    char folder[PATH_MAX], drive[PATH_MAX];
    join(folder, view, "dosdevices");
    join(drive, folder, "c:");
    if (mkdir(view, 0700) || mkdir(folder, 0700) || symlink(volume, drive)) exit(1);
}

static void remove_view(const char *view)
{
    char folder[PATH_MAX], drive[PATH_MAX];
    join(folder, view, "dosdevices");
    join(drive, folder, "c:");
    unlink(drive);
    rmdir(folder);
    rmdir(view);
}

/* Where Wine's server of a prefix listens: below /tmp/.wine-<uid>, or the folder that Debian's Wine notes in the prefix. */
static void socket_of(const char *prefix, struct sockaddr_un *address)
{
    char note[PATH_MAX], folder[64] = "";
    struct stat status;
    FILE *file;
    join(note, prefix, "wineserver");
    if ((file = fopen(note, "re"))) {
        if (!fgets(folder, sizeof(folder), file)) folder[0] = 0;
        folder[strcspn(folder, "\n")] = 0;
        fclose(file);
    }
    if (!*folder) snprintf(folder, sizeof(folder), ".wine-%u", getuid());
    if (stat(prefix, &status)) exit(1);
    address->sun_family = AF_UNIX;
    snprintf(address->sun_path, sizeof(address->sun_path), "/tmp/%s/server-%lx-%lx/socket", folder,
             (unsigned long)status.st_dev, (unsigned long)status.st_ino);
}

/* ---- mapped directories ---- */

#define MAPPED_DEPTH 64

struct mapped {
    char link[PATH_MAX], hidden[PATH_MAX];
    char made[MAPPED_DEPTH][PATH_MAX]; /* parents that were not there */
    int count;
};

/* The path as the volume spells it; parents that are missing are made. */
static void place(struct mapped *mapped, const char *volume, char *path)
{
    char at[PATH_MAX], *rest = path, *name;
    strcpy(at, volume);
    while ((name = strtok_r(NULL, "/", &rest))) {
        char known[NAME_MAX + 1];
        DIR *folder = opendir(at);
        int found = folder && spelled(folder, name, known);
        if (folder) closedir(folder);
        join(mapped->link, at, found ? known : name);
        if (!*rest) return;
        strcpy(at, mapped->link);
        if (!found && mapped->count < MAPPED_DEPTH && !mkdir(at, 0755)) strcpy(mapped->made[mapped->count++], at);
    }
}

static void map(struct mapped *mapped, int number, const char *volume, char *path, const char *folder)
{
    struct stat status;
    char name[64];
    place(mapped, volume, path);
    if (!lstat(mapped->link, &status)) {
        snprintf(name, sizeof(name), "WcSandboxState/hidden-%d", number);
        join(mapped->hidden, volume, name);
        if (rename(mapped->link, mapped->hidden)) exit(1);
    }
    if (symlink(folder, mapped->link)) exit(1);
}

static void unmap(struct mapped *mapped)
{
    unlink(mapped->link);
    if (*mapped->hidden) rename(mapped->hidden, mapped->link);
    while (mapped->count) rmdir(mapped->made[--mapped->count]);
}

static void run(const char *view, const char *volume, const char *prefix, const char *loader, const char *program, const char *argument)
{
    struct sockaddr_un address;
    char connected[40], own[PATH_MAX + 16], home[PATH_MAX + 8], with[PATH_MAX + 16];
    char *environment[] = {connected, own, home, with, "USER=ContainerAdministrator", "PATH=/usr/bin:/bin", "LANG=C.UTF-8",
                           "WINEARCH=win64", "WINEDEBUG=-all", "WINEDLLOVERRIDES=mscoree,mshtml=", NULL};
    int server = socket(AF_UNIX, SOCK_STREAM, 0);
    socket_of(prefix, &address);
    if (server < 0 || connect(server, (const struct sockaddr *)&address, sizeof(address))) _exit(1);
    snprintf(connected, sizeof(connected), "WINESERVERSOCKET=%d", server);
    snprintf(own, sizeof(own), "WINEPREFIX=%s", view);
    snprintf(home, sizeof(home), "HOME=%s", view);
    snprintf(with, sizeof(with), "WINELOADER=%s", loader);
    if (chdir(volume)) _exit(1);
    execle(loader, loader, program, argument, (char *)NULL, environment);
    _exit(1);
}

/* ---- shadows ---- */

struct shadows {
    char names[PATH_MAX];
    struct entry {
        unsigned long long number;
        char name[64];
    } *entries;
    size_t count;
};

static void load_shadows(struct shadows *shadows, const char *folder)
{
    DIR *source = opendir(folder);
    const struct dirent *entry;
    memset(shadows, 0, sizeof(*shadows));
    snprintf(shadows->names, PATH_MAX, "%s", folder);
    while (source && (entry = readdir(source))) {
        const char *dash = strchr(entry->d_name, '-');
        struct entry *added;
        if (!dash || strlen(entry->d_name) >= sizeof(added->name)) continue;
        if (!(shadows->count & 1023)) shadows->entries = realloc(shadows->entries, (shadows->count + 1024) * sizeof(*added));
        added = &shadows->entries[shadows->count++];
        added->number = strtoull(dash + 1, NULL, 16);
        strcpy(added->name, entry->d_name);
    }
    if (source) closedir(source);
}

/* A shadow that was written before the file of its number was made is another file's. */
static void check_shadow(const struct shadows *shadows, const char *path)
{
    struct statx file, shadow;
    size_t at;
    if (statx(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, STATX_INO | STATX_BTIME, &file) || !(file.stx_mask & STATX_BTIME)) return;
    for (at = 0; at < shadows->count; at++) {
        char name[PATH_MAX];
        if (shadows->entries[at].number != file.stx_ino) continue;
        join(name, shadows->names, shadows->entries[at].name);
        if (statx(AT_FDCWD, name, 0, STATX_MTIME, &shadow)) continue;
        if (shadow.stx_mtime.tv_sec > file.stx_btime.tv_sec) continue;
        if (shadow.stx_mtime.tv_sec < file.stx_btime.tv_sec || shadow.stx_mtime.tv_nsec < file.stx_btime.tv_nsec) unlink(name);
    }
}

static void check_shadows(const struct shadows *shadows, const char *folder)
{
    DIR *source = opendir(folder);
    const struct dirent *entry;
    while (source && (entry = readdir(source))) {
        char path[PATH_MAX];
        if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..")) continue;
        join(path, folder, entry->d_name);
        check_shadow(shadows, path);
        if (entry->d_type == DT_DIR) check_shadows(shadows, path);
    }
    if (source) closedir(source);
}

int main(int count, char **arguments)
{
    const char *view, *volume;
    struct shadows shadows;
    struct mapped *mapped;
    pid_t child;
    int maps = (count - 9) / 2, index;
    if (count < 9 || count % 2 == 0) return 1;
    view = arguments[1];
    volume = arguments[2];
    signal(SIGCHLD, SIG_DFL);
    install(arguments[3], volume);
    mapped = calloc((size_t)maps + 1, sizeof(*mapped));
    for (index = 0; index < maps; index++) map(&mapped[index], index, volume, arguments[9 + 2 * index], arguments[10 + 2 * index]);
    make_view(view, volume);
    child = fork();
    if (!child) run(view, volume, arguments[5], arguments[6], arguments[7], arguments[8]);
    while (child > 0 && waitpid(child, NULL, 0) < 0 && errno == EINTR) continue;
    while (maps) unmap(&mapped[--maps]);
    free(mapped);
    load_shadows(&shadows, arguments[4]);
    check_shadows(&shadows, volume);
    free(shadows.entries);
    remove_view(view);
    return 0;
}
