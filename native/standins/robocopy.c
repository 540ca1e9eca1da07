#include "standin.h"

/* Bits of robocopy's exit code. */
#define EXIT_COPIED 1
#define EXIT_EXTRA 2
#define EXIT_FAILED 8
#define EXIT_FATAL 16

#define MOST_NAMES 64

static struct {
    WCHAR *files[MOST_NAMES], *excluded_files[MOST_NAMES], *excluded_folders[MOST_NAMES];
    int file_count, excluded_file_count, excluded_folder_count;
    BOOL subfolders, empty_subfolders, purge, move_files, move_folders, list_only, quiet_files, quiet_folders, quiet_header, quiet_summary;
    BOOL skip_newer, skip_older, skip_changed, same_too;
    int retries, wait_seconds;
} options = {.retries = 1000000, .wait_seconds = 30};

static struct {
    unsigned long folders, new_folders, files, copied, skipped, failed, extra;
    unsigned long long bytes, copied_bytes;
} totals;

static int result;

static BOOL listed(WCHAR *const *names, int count, const WCHAR *path, const WCHAR *name)
{
    int i;
    for (i = 0; i < count; i++)
        if (matches(names[i], name) || !_wcsicmp(names[i], path)) return TRUE;
    return FALSE;
}

static ULONGLONG stamp(FILETIME time)
{
    return (ULONGLONG)time.dwHighDateTime << 32 | time.dwLowDateTime;
}

/* Two seconds of difference count as equal, as FAT keeps times. */
static BOOL is_wanted(const WIN32_FIND_DATAW *source, const WCHAR *target)
{
    WIN32_FILE_ATTRIBUTE_DATA there;
    ULONGLONG ours, theirs, slack = 20000000;
    BOOL same_size;
    if (!GetFileAttributesExW(target, GetFileExInfoStandard, &there)) return TRUE;
    ours = stamp(source->ftLastWriteTime);
    theirs = stamp(there.ftLastWriteTime);
    same_size = there.nFileSizeHigh == source->nFileSizeHigh && there.nFileSizeLow == source->nFileSizeLow;
    if (same_size && ours <= theirs + slack && theirs <= ours + slack) return options.same_too;
    if (ours > theirs + slack) return !options.skip_newer;
    if (theirs > ours + slack) return !options.skip_older;
    return !options.skip_changed;
}

static BOOL copy_one(const WCHAR *source, const WCHAR *target)
{
    int attempt;
    for (attempt = 0;; attempt++) {
        DWORD error;
        if (CopyFileW(source, target, FALSE)) return TRUE;
        error = GetLastError();
        complain(L"ERROR %lu (0x%08lX) Copying File %ls\n%ls\n", error, error, source, error_text(error));
        if (attempt >= options.retries) return FALSE;
        Sleep((DWORD)options.wait_seconds * 1000);
    }
}

static void copy_file(const WCHAR *source, const WIN32_FIND_DATAW *entry, const WCHAR *target)
{
    ULONGLONG size = (ULONGLONG)entry->nFileSizeHigh << 32 | entry->nFileSizeLow;
    totals.files++;
    totals.bytes += size;
    if (!is_wanted(entry, target)) {
        totals.skipped++;
        return;
    }
    if (!options.quiet_files) say(L"\t    New File  \t%12llu\t%ls\n", size, entry->cFileName);
    if (options.list_only) return;
    if (copy_one(source, target)) {
        totals.copied++;
        totals.copied_bytes += size;
        result |= EXIT_COPIED;
        if (options.move_files) {
            SetFileAttributesW(source, FILE_ATTRIBUTE_NORMAL);
            DeleteFileW(source);
        }
    } else {
        totals.failed++;
        result |= EXIT_FAILED;
    }
}

static void remove_tree(const WCHAR *path);

static BOOL remove_entry(void *context, const WCHAR *path, const WIN32_FIND_DATAW *entry)
{
    (void)context;
    SetFileAttributesW(path, FILE_ATTRIBUTE_NORMAL);
    if (entry->dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY) remove_tree(path);
    else DeleteFileW(path);
    return TRUE;
}

static void remove_tree(const WCHAR *path)
{
    visit_folder(path, remove_entry, NULL);
    RemoveDirectoryW(path);
}

static BOOL purge_entry(void *context, const WCHAR *path, const WIN32_FIND_DATAW *entry)
{
    WCHAR *original = join_path(context, entry->cFileName);
    if (!exists(original)) {
        totals.extra++;
        result |= EXIT_EXTRA;
        if (!options.quiet_files) say(L"\t*EXTRA File \t\t\t%ls\n", path);
        if (options.purge && !options.list_only) remove_entry(NULL, path, entry);
    }
    free(original);
    return TRUE;
}

static void copy_folder(const WCHAR *source, const WCHAR *target);

static BOOL copy_entry(void *context, const WCHAR *path, const WIN32_FIND_DATAW *entry)
{
    WCHAR *target = join_path(context, entry->cFileName);
    if (entry->dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY) {
        if (options.subfolders && !listed(options.excluded_folders, options.excluded_folder_count, path, entry->cFileName)) copy_folder(path, target);
    } else if (listed(options.files, options.file_count, path, entry->cFileName) &&
               !listed(options.excluded_files, options.excluded_file_count, path, entry->cFileName)) {
        if (!options.list_only) make_folders(context);
        copy_file(path, entry, target);
    }
    free(target);
    return TRUE;
}

static void copy_folder(const WCHAR *source, const WCHAR *target)
{
    BOOL known = is_folder(target);
    totals.folders++;
    if (!known) totals.new_folders++;
    if (!known && options.empty_subfolders && !options.list_only) {
        make_folders(target);
        result |= EXIT_COPIED;
    }
    if (!options.quiet_folders) say(L"\t%ls\t%ls\\\n", known ? L"          " : L"  New Dir ", source);
    visit_folder(source, copy_entry, (void *)target);
    if (known) visit_folder(target, purge_entry, (void *)source);
    if (options.move_folders && !options.list_only) RemoveDirectoryW(source);
}

static int number_behind(const WCHAR *argument)
{
    const WCHAR *colon = wcschr(argument, ':');
    return colon ? _wtoi(colon + 1) : 0;
}

static int usage(const WCHAR *argument)
{
    complain(L"ERROR : Invalid Parameter : \"%ls\"\n", argument);
    return EXIT_FATAL;
}

int tool_robocopy(int argc, WCHAR **argv)
{
    static WCHAR everything[] = L"*.*", star[] = L"*";
    const WCHAR *source = NULL, *target = NULL;
    BOOL notice = FALSE;
    int i;
    for (i = 1; i < argc; i++) {
        const WCHAR *a = argv[i] + 1;
        if (*argv[i] != '/') {
            if (!source) source = argv[i];
            else if (!target) target = argv[i];
            else if (options.file_count < MOST_NAMES) options.files[options.file_count++] = argv[i];
            continue;
        }
        if (!_wcsicmp(a, L"S")) options.subfolders = TRUE;
        else if (!_wcsicmp(a, L"E")) options.subfolders = options.empty_subfolders = TRUE;
        else if (!_wcsicmp(a, L"PURGE")) options.purge = TRUE;
        else if (!_wcsicmp(a, L"MIR")) options.subfolders = options.empty_subfolders = options.purge = TRUE;
        else if (!_wcsicmp(a, L"MOV")) options.move_files = TRUE;
        else if (!_wcsicmp(a, L"MOVE")) options.move_files = options.move_folders = TRUE;
        else if (!_wcsicmp(a, L"L")) options.list_only = TRUE;
        else if (!_wcsicmp(a, L"NFL")) options.quiet_files = TRUE;
        else if (!_wcsicmp(a, L"NDL")) options.quiet_folders = TRUE;
        else if (!_wcsicmp(a, L"NJH")) options.quiet_header = TRUE;
        else if (!_wcsicmp(a, L"NJS")) options.quiet_summary = TRUE;
        else if (!_wcsicmp(a, L"XN")) options.skip_newer = TRUE;
        else if (!_wcsicmp(a, L"XO")) options.skip_older = TRUE;
        else if (!_wcsicmp(a, L"XC")) options.skip_changed = TRUE;
        else if (!_wcsicmp(a, L"IS")) options.same_too = TRUE;
        else if (!_wcsnicmp(a, L"R:", 2)) options.retries = number_behind(a);
        else if (!_wcsnicmp(a, L"W:", 2)) options.wait_seconds = number_behind(a);
        else if (!_wcsicmp(a, L"XF"))
            while (i + 1 < argc && *argv[i + 1] != '/' && options.excluded_file_count < MOST_NAMES) options.excluded_files[options.excluded_file_count++] = argv[++i];
        else if (!_wcsicmp(a, L"XD"))
            while (i + 1 < argc && *argv[i + 1] != '/' && options.excluded_folder_count < MOST_NAMES) options.excluded_folders[options.excluded_folder_count++] = argv[++i];
        else if (!_wcsicmp(a, L"COPYALL") || !_wcsicmp(a, L"SEC") || !_wcsicmp(a, L"SECFIX")) notice = TRUE;
        else if (!_wcsnicmp(a, L"COPY:", 5)) notice = notice || wcspbrk(a + 5, L"SOUsou") != NULL;
        /* How it is done, or what is printed, not what is copied. */
        else if (!_wcsicmp(a, L"NP") || !_wcsicmp(a, L"NC") || !_wcsicmp(a, L"NS") || !_wcsicmp(a, L"MT") || !_wcsnicmp(a, L"MT:", 3) || !_wcsicmp(a, L"Z") ||
                 !_wcsicmp(a, L"B") || !_wcsicmp(a, L"ZB") || !_wcsicmp(a, L"J") || !_wcsicmp(a, L"V") || !_wcsicmp(a, L"TEE") || !_wcsicmp(a, L"BYTES") ||
                 !_wcsicmp(a, L"FP") || !_wcsicmp(a, L"TS") || !_wcsnicmp(a, L"DCOPY:", 6) || !_wcsicmp(a, L"FFT") || !_wcsicmp(a, L"ETA") || !_wcsicmp(a, L"IT"))
            continue;
        else return usage(argv[i]);
    }
    if (!source || !target) return usage(L"");
    if (!options.file_count || (options.file_count == 1 && !wcscmp(options.files[0], everything))) {
        options.files[0] = star;
        options.file_count = 1;
    }
    if (!options.quiet_header) {
        say(L"\n-------------------------------------------------------------------------------\n"
            L"   ROBOCOPY     ::     Robust File Copy for Windows\n"
            L"-------------------------------------------------------------------------------\n\n"
            L"   Source : %ls\n     Dest : %ls\n\n",
            source, target);
    }
    if (notice) say(L"NOTICE: containers on Linux (Wine) have no access control lists and owners; they are not copied.\n");
    if (!is_folder(source)) {
        complain(L"ERROR 2 (0x00000002) Accessing Source Directory %ls\nThe system cannot find the file specified.\n", source);
        return EXIT_FATAL;
    }
    if (!options.list_only && !make_folders(target)) {
        complain(L"ERROR %lu Creating Destination Directory %ls\n%ls\n", GetLastError(), target, error_text(GetLastError()));
        return EXIT_FATAL;
    }
    copy_folder(source, target);
    if (!options.quiet_summary) {
        say(L"\n------------------------------------------------------------------------------\n\n"
            L"               Total    Copied   Skipped  Mismatch    FAILED    Extras\n"
            L"    Dirs : %9lu %9lu %9lu         0         0         0\n"
            L"   Files : %9lu %9lu %9lu         0 %9lu %9lu\n"
            L"   Bytes : %9llu %9llu\n\n",
            totals.folders, totals.new_folders, totals.folders - totals.new_folders, totals.files, totals.copied, totals.skipped, totals.failed, totals.extra,
            totals.bytes, totals.copied_bytes);
    }
    return result;
}
