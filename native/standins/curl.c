/* curl's everyday options over WinHTTP. An option that is not known here is refused, never ignored. */
#include "standin.h"
#include <winhttp.h>

static struct {
    BOOL follow, fail, silent, show_errors, include_headers, head_only, insecure, remote_name, create_folders, verbose, get;
    const WCHAR *output, *method, *user, *upload, *write_out, *user_agent, *output_folder, *dump_headers;
    int retries, retry_delay, connect_timeout, max_time;
    struct header_list headers;
    struct bytes body;
    BOOL has_body;
    WCHAR *urls[32], *outputs[32];
    int url_count, output_count;
} options = {.user_agent = L"curl/8.0.1"};

static void say_error(int code, const WCHAR *text)
{
    if (!options.silent || options.show_errors) complain(L"curl: (%d) %ls\n", code, text);
}

static int code_of(DWORD error, const WCHAR *url)
{
    WCHAR text[512];
    int code;
    switch (error) {
    case ERROR_WINHTTP_INVALID_URL: code = 3; break;
    case ERROR_WINHTTP_UNRECOGNIZED_SCHEME: code = 1; break;
    case ERROR_WINHTTP_NAME_NOT_RESOLVED: code = 6; break;
    case ERROR_WINHTTP_CANNOT_CONNECT: code = 7; break;
    case ERROR_WINHTTP_TIMEOUT: code = 28; break;
    case ERROR_WINHTTP_SECURE_FAILURE: case ERROR_WINHTTP_SECURE_INVALID_CA: case ERROR_WINHTTP_SECURE_CERT_CN_INVALID: case ERROR_WINHTTP_SECURE_CERT_DATE_INVALID: code = 60; break;
    case ERROR_WINHTTP_SECURE_CHANNEL_ERROR: code = 35; break;
    default: code = 56;
    }
    _snwprintf(text, 511, code == 35 ? L"SSL connect error, or the certificate is not trusted: %ls" : code == 6 ? L"Could not resolve host: %ls" : code == 7 ? L"Failed to connect to %ls" : code == 28 ? L"Operation timed out: %ls"
               : code == 60 ? L"SSL certificate problem: %ls" : code == 3 ? L"URL using bad/illegal format or missing URL: %ls"
               : code == 1 ? L"Protocol not supported (http and https only): %ls" : L"Failure with %ls", url);
    text[511] = 0;
    say_error(code, text);
    return code;
}

static void add_header(WCHAR *line)
{
    options.headers.lines = regrab(options.headers.lines, (size_t)(options.headers.count + 1) * sizeof(WCHAR *));
    options.headers.lines[options.headers.count++] = line;
}

static BOOL has_header(const WCHAR *name)
{
    int i;
    for (i = 0; i < options.headers.count; i++)
        if (!_wcsnicmp(options.headers.lines[i], name, wcslen(name)) && options.headers.lines[i][wcslen(name)] == ':') return TRUE;
    return FALSE;
}

static void add_text(struct bytes *to, const WCHAR *text)
{
    int size = WideCharToMultiByte(CP_UTF8, 0, text, -1, NULL, 0, NULL, NULL);
    char *bytes = grab((size_t)size);
    WideCharToMultiByte(CP_UTF8, 0, text, -1, bytes, size, NULL, NULL);
    append(to, bytes, (size_t)size - 1);
    free(bytes);
}

/* `-d` drops line ends of files, `--data-binary` keeps them. */
static BOOL add_data(const WCHAR *value, BOOL binary, BOOL raw)
{
    if (options.has_body) append(&options.body, "&", 1);
    options.has_body = TRUE;
    if (*value == '@' && !raw) {
        struct bytes file = {0};
        size_t i;
        if (!read_file(wcscmp(value, L"@-") ? value + 1 : NULL, &file)) return FALSE;
        for (i = 0; i < file.size; i++)
            if (binary || (file.data[i] != '\r' && file.data[i] != '\n')) append(&options.body, file.data + i, 1);
        return TRUE;
    }
    add_text(&options.body, value);
    return TRUE;
}

static void add_credentials(void)
{
    static const WCHAR digits[] = L"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    static const WCHAR begin[] = L"Authorization: Basic ";
    struct bytes plain = {0};
    WCHAR *line;
    size_t at, used = wcslen(begin);
    add_text(&plain, options.user);
    line = grab((used + plain.size * 2 + 8) * sizeof(WCHAR));
    wcscpy(line, begin);
    for (at = 0; at < plain.size; at += 3) {
        size_t left = plain.size - at;
        DWORD three = (DWORD)plain.data[at] << 16 | (left > 1 ? (DWORD)plain.data[at + 1] << 8 : 0) | (left > 2 ? plain.data[at + 2] : 0);
        line[used++] = digits[three >> 18];
        line[used++] = digits[three >> 12 & 63];
        line[used++] = left > 1 ? digits[three >> 6 & 63] : '=';
        line[used++] = left > 2 ? digits[three & 63] : '=';
    }
    add_header(line);
}

static void write_out(const struct fetched *result, const WCHAR *url)
{
    const WCHAR *at;
    for (at = options.write_out; *at; at++) {
        if (!wcsncmp(at, L"%{http_code}", 12) || !wcsncmp(at, L"%{response_code}", 16)) {
            say(L"%03lu", result->status);
            at = wcschr(at, '}');
        } else if (!wcsncmp(at, L"%{size_download}", 16)) {
            say(L"%lu", (unsigned long)result->body.size);
            at = wcschr(at, '}');
        } else if (!wcsncmp(at, L"%{url_effective}", 16) || !wcsncmp(at, L"%{url}", 6)) {
            say(L"%ls", url);
            at = wcschr(at, '}');
        } else if (at[0] == '\\' && at[1] == 'n') {
            say(L"\n");
            at++;
        } else {
            say(L"%lc", *at);
        }
    }
}

static WCHAR *remote_name(const WCHAR *url)
{
    WCHAR *copy = copy_text(url), *query = wcspbrk(copy, L"?#"), *slash;
    if (query) *query = 0;
    slash = wcsrchr(copy, '/');
    return slash ? slash + 1 : copy;
}

static int store(const WCHAR *path, const struct bytes *body)
{
    WCHAR *whole = options.output_folder ? join_path(options.output_folder, path) : copy_text(path), *at;
    for (at = whole; *at; at++)
        if (*at == '/') *at = '\\';
    if (options.create_folders) {
        WCHAR *parent = copy_text(whole), *slash = wcsrchr(parent, '\\');
        if (slash) {
            *slash = 0;
            make_folders(parent);
        }
    }
    if (write_file(whole, body->data, body->size)) return 0;
    say_error(23, L"Failure writing output to destination");
    return 23;
}

static int transfer(const WCHAR *url, const WCHAR *output)
{
    struct fetch request = {.user_agent = options.user_agent};
    struct fetched result = {0};
    WCHAR *whole = wcsstr(url, L"://") ? copy_text(url) : grab((wcslen(url) + 8) * sizeof(WCHAR)), text[128];
    DWORD error;
    int attempt;
    if (!*whole) {
        wcscpy(whole, L"http://");
        wcscat(whole, url);
    }
    request.url = whole;
    request.method = options.method ? options.method : options.head_only ? L"HEAD" : options.upload ? L"PUT" : options.has_body && !options.get ? L"POST" : L"GET";
    request.headers = options.headers;
    request.body = options.body.data;
    request.body_size = (DWORD)options.body.size;
    request.follow = options.follow;
    request.insecure = options.insecure;
    request.connect_timeout_ms = options.connect_timeout * 1000;
    request.total_timeout_ms = options.max_time * 1000;
    for (attempt = 0;; attempt++) {
        result.body.size = 0;
        error = fetch_url(&request, &result);
        if (attempt >= options.retries || (!error && result.status != 408 && result.status != 429 && result.status < 500)) break;
        Sleep((DWORD)(options.retry_delay ? options.retry_delay : 1 << (attempt > 5 ? 5 : attempt)) * 1000);
    }
    if (error) return code_of(error, whole);
    if (options.fail && result.status >= 400) {
        _snwprintf(text, 127, L"The requested URL returned error: %lu", result.status);
        say_error(22, text);
        return 22;
    }
    if (options.dump_headers) {
        struct bytes headers = {0};
        add_text(&headers, result.raw_headers);
        if (!wcscmp(options.dump_headers, L"-")) say_bytes((char *)headers.data, headers.size);
        else write_file(options.dump_headers, headers.data, headers.size);
    }
    if (options.include_headers || options.head_only) {
        struct bytes headers = {0};
        add_text(&headers, result.raw_headers);
        append(&headers, result.body.data, result.body.size);
        result.body = headers;
    }
    if (options.remote_name && !output) output = remote_name(whole);
    if (output && !*output) {
        say_error(23, L"Remote file name has no length!");
        return 23;
    }
    if (output && wcscmp(output, L"-")) {
        int code = store(output, &result.body);
        if (code) return code;
    } else {
        say_bytes((char *)result.body.data, result.body.size);
    }
    if (options.write_out) write_out(&result, whole);
    return 0;
}

/* Options with a value: the long name, and the letter or 0. */
static const struct {
    const WCHAR *name;
    WCHAR letter;
} valued[] = {{L"output", 'o'}, {L"request", 'X'}, {L"header", 'H'}, {L"data", 'd'}, {L"data-ascii", 0}, {L"data-binary", 0}, {L"data-raw", 0}, {L"user", 'u'}, {L"user-agent", 'A'},
              {L"upload-file", 'T'}, {L"write-out", 'w'}, {L"retry", 0}, {L"retry-delay", 0}, {L"connect-timeout", 0}, {L"max-time", 'm'}, {L"url", 0}, {L"output-dir", 0},
              {L"referer", 'e'}, {L"cookie", 'b'}, {L"dump-header", 'D'}, {L"proto", 0}, {L"max-redirs", 0}, {L"retry-max-time", 0}};

static const struct {
    const WCHAR *name;
    WCHAR letter;
    BOOL *flag;
} flags[] = {{L"location", 'L', &options.follow}, {L"fail", 'f', &options.fail}, {L"silent", 's', &options.silent}, {L"show-error", 'S', &options.show_errors},
             {L"include", 'i', &options.include_headers}, {L"head", 'I', &options.head_only}, {L"insecure", 'k', &options.insecure}, {L"remote-name", 'O', &options.remote_name},
             {L"create-dirs", 0, &options.create_folders}, {L"verbose", 'v', &options.verbose}, {L"get", 'G', &options.get}, {L"progress-bar", '#', &options.verbose},
             {L"no-progress-meter", 0, &options.verbose}, {L"ssl-no-revoke", 0, &options.verbose}, {L"tlsv1.2", 0, &options.verbose}, {L"http1.1", 0, &options.verbose},
             {L"globoff", 'g', &options.verbose}, {L"retry-connrefused", 0, &options.verbose}, {L"retry-all-errors", 0, &options.verbose}, {L"no-buffer", 'N', &options.verbose},
             {L"ipv4", '4', &options.verbose}, {L"disable", 'q', &options.verbose}, {L"fail-with-body", 0, &options.fail}};

static int set_value(const WCHAR *name, WCHAR *value)
{
    if (!wcscmp(name, L"output")) {
        if (options.output_count < 32) options.outputs[options.output_count++] = value;
    } else if (!wcscmp(name, L"request")) options.method = value;
    else if (!wcscmp(name, L"header")) add_header(value);
    else if (!wcscmp(name, L"user")) options.user = value;
    else if (!wcscmp(name, L"user-agent")) options.user_agent = value;
    else if (!wcscmp(name, L"write-out")) options.write_out = value;
    else if (!wcscmp(name, L"retry")) options.retries = _wtoi(value);
    else if (!wcscmp(name, L"retry-delay")) options.retry_delay = _wtoi(value);
    else if (!wcscmp(name, L"connect-timeout")) options.connect_timeout = _wtoi(value);
    else if (!wcscmp(name, L"max-time")) options.max_time = _wtoi(value);
    else if (!wcscmp(name, L"output-dir")) options.output_folder = value;
    else if (!wcscmp(name, L"dump-header")) options.dump_headers = value;
    else if (!wcscmp(name, L"url")) {
        if (options.url_count < 32) options.urls[options.url_count++] = value;
    } else if (!wcscmp(name, L"referer") || !wcscmp(name, L"cookie")) {
        const WCHAR *head = *name == 'r' ? L"Referer: " : L"Cookie: ";
        WCHAR *line = grab((wcslen(head) + wcslen(value) + 1) * sizeof(WCHAR));
        wcscpy(line, head);
        wcscat(line, value);
        add_header(line);
    } else if (!wcsncmp(name, L"data", 4)) {
        if (!add_data(value, !wcscmp(name, L"data-binary"), !wcscmp(name, L"data-raw"))) {
            say_error(26, L"Failed to open the file of --data");
            return 26;
        }
    } else if (!wcscmp(name, L"upload-file")) {
        options.upload = value;
        if (!read_file(wcscmp(value, L"-") ? value : NULL, &options.body)) {
            say_error(26, L"Failed to open the file of --upload-file");
            return 26;
        }
    }
    return 0;
}

static int unknown(const WCHAR *option)
{
    complain(L"curl: option %ls: is unknown or not supported in containers on Linux (Wine)\ncurl: try 'curl --help' for more information\n", option);
    return 2;
}

/* -1: not an option with that name. */
static int take_long(const WCHAR *name, int argc, WCHAR **argv, int *at)
{
    size_t i;
    for (i = 0; i < sizeof(valued) / sizeof(*valued); i++) {
        if (wcscmp(name, valued[i].name)) continue;
        if (*at + 1 >= argc) return unknown(name);
        return set_value(name, argv[++*at]);
    }
    for (i = 0; i < sizeof(flags) / sizeof(*flags); i++) {
        if (wcscmp(name, flags[i].name)) continue;
        *flags[i].flag = TRUE;
        return 0;
    }
    return unknown(name);
}

static int take_letters(WCHAR *argument, int argc, WCHAR **argv, int *at)
{
    WCHAR *letter;
    size_t i;
    for (letter = argument + 1; *letter; letter++) {
        BOOL known = FALSE;
        for (i = 0; i < sizeof(flags) / sizeof(*flags) && !known; i++)
            if (flags[i].letter == *letter) *flags[i].flag = known = TRUE;
        for (i = 0; i < sizeof(valued) / sizeof(*valued) && !known; i++) {
            if (valued[i].letter != *letter) continue;
            if (letter[1]) return set_value(valued[i].name, letter + 1);
            if (*at + 1 >= argc) return unknown(argument);
            return set_value(valued[i].name, argv[++*at]);
        }
        if (!known) return unknown(argument);
    }
    return 0;
}

int tool_curl(int argc, WCHAR **argv)
{
    int i, code = 0;
    for (i = 1; i < argc && !code; i++) {
        if (!wcscmp(argv[i], L"--version") || !wcscmp(argv[i], L"-V")) {
            say(L"curl 8.0.1 (Windows) - porthole stand-in over WinHTTP\nProtocols: http https\n");
            return 0;
        }
        if (!wcsncmp(argv[i], L"--", 2) && argv[i][2]) code = take_long(argv[i] + 2, argc, argv, &i);
        else if (*argv[i] == '-' && argv[i][1]) code = take_letters(argv[i], argc, argv, &i);
        else if (options.url_count < 32) options.urls[options.url_count++] = argv[i];
    }
    if (code) return code;
    if (!options.url_count) {
        complain(L"curl: no URL specified\ncurl: try 'curl --help' for more information\n");
        return 2;
    }
    if (options.user) add_credentials();
    if (options.has_body && !options.get && !has_header(L"Content-Type")) add_header(L"Content-Type: application/x-www-form-urlencoded");
    if (options.get && options.has_body) {
        struct bytes query = options.body;
        int room = MultiByteToWideChar(CP_UTF8, 0, (char *)query.data, (int)query.size, NULL, 0);
        WCHAR *whole = grab((wcslen(options.urls[0]) + (size_t)room + 2) * sizeof(WCHAR));
        wcscpy(whole, options.urls[0]);
        wcscat(whole, wcschr(whole, '?') ? L"&" : L"?");
        MultiByteToWideChar(CP_UTF8, 0, (char *)query.data, (int)query.size, whole + wcslen(whole), room);
        options.urls[0] = whole;
        options.body.size = 0;
    }
    for (i = 0; i < options.url_count; i++) {
        int one = transfer(options.urls[i], i < options.output_count ? options.outputs[i] : NULL);
        if (one) code = one;
    }
    return code;
}
