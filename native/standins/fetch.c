#include "standin.h"
#include <winhttp.h>

/* Loaded when needed: it brings a dozen DLLs, which the other tools need not pay for. */
static struct {
    __typeof__(WinHttpAddRequestHeaders) *addRequestHeaders;
    __typeof__(WinHttpCloseHandle) *closeHandle;
    __typeof__(WinHttpConnect) *connect;
    __typeof__(WinHttpCrackUrl) *crackUrl;
    __typeof__(WinHttpOpen) *open;
    __typeof__(WinHttpOpenRequest) *openRequest;
    __typeof__(WinHttpQueryHeaders) *queryHeaders;
    __typeof__(WinHttpReadData) *readData;
    __typeof__(WinHttpReceiveResponse) *receiveResponse;
    __typeof__(WinHttpSendRequest) *sendRequest;
    __typeof__(WinHttpSetOption) *setOption;
    __typeof__(WinHttpSetTimeouts) *setTimeouts;
} http;

static BOOL load_winhttp(void)
{
    HMODULE library = LoadLibraryW(L"winhttp.dll");
    if (!library) return FALSE;
    http.addRequestHeaders = (void *)GetProcAddress(library, "WinHttpAddRequestHeaders");
    if (!http.addRequestHeaders) return FALSE;
    http.closeHandle = (void *)GetProcAddress(library, "WinHttpCloseHandle");
    if (!http.closeHandle) return FALSE;
    http.connect = (void *)GetProcAddress(library, "WinHttpConnect");
    if (!http.connect) return FALSE;
    http.crackUrl = (void *)GetProcAddress(library, "WinHttpCrackUrl");
    if (!http.crackUrl) return FALSE;
    http.open = (void *)GetProcAddress(library, "WinHttpOpen");
    if (!http.open) return FALSE;
    http.openRequest = (void *)GetProcAddress(library, "WinHttpOpenRequest");
    if (!http.openRequest) return FALSE;
    http.queryHeaders = (void *)GetProcAddress(library, "WinHttpQueryHeaders");
    if (!http.queryHeaders) return FALSE;
    http.readData = (void *)GetProcAddress(library, "WinHttpReadData");
    if (!http.readData) return FALSE;
    http.receiveResponse = (void *)GetProcAddress(library, "WinHttpReceiveResponse");
    if (!http.receiveResponse) return FALSE;
    http.sendRequest = (void *)GetProcAddress(library, "WinHttpSendRequest");
    if (!http.sendRequest) return FALSE;
    http.setOption = (void *)GetProcAddress(library, "WinHttpSetOption");
    if (!http.setOption) return FALSE;
    http.setTimeouts = (void *)GetProcAddress(library, "WinHttpSetTimeouts");
    if (!http.setTimeouts) return FALSE;
    return TRUE;
}

static DWORD read_headers(HINTERNET request, struct fetched *result)
{
    DWORD size = 0;
    DWORD number = sizeof(result->status);
    if (!http.queryHeaders(request, WINHTTP_QUERY_STATUS_CODE | WINHTTP_QUERY_FLAG_NUMBER, NULL, &result->status, &number, NULL)) return GetLastError();
    http.queryHeaders(request, WINHTTP_QUERY_RAW_HEADERS_CRLF, NULL, NULL, &size, NULL);
    result->raw_headers = grab(size + sizeof(WCHAR));
    http.queryHeaders(request, WINHTTP_QUERY_RAW_HEADERS_CRLF, NULL, result->raw_headers, &size, NULL);
    return 0;
}

static DWORD read_body(HINTERNET request, struct fetched *result)
{
    static BYTE buffer[65536];
    DWORD got;
    do {
        if (!http.readData(request, buffer, sizeof(buffer), &got)) return GetLastError();
        append(&result->body, buffer, got);
    } while (got);
    return 0;
}

static DWORD send(const struct fetch *fetch, HINTERNET request)
{
    DWORD flags, i;
    if (fetch->insecure) {
        flags = SECURITY_FLAG_IGNORE_UNKNOWN_CA | SECURITY_FLAG_IGNORE_CERT_DATE_INVALID | SECURITY_FLAG_IGNORE_CERT_CN_INVALID | SECURITY_FLAG_IGNORE_CERT_WRONG_USAGE;
        http.setOption(request, WINHTTP_OPTION_SECURITY_FLAGS, &flags, sizeof(flags));
    }
    if (!fetch->follow) {
        flags = WINHTTP_DISABLE_REDIRECTS;
        http.setOption(request, WINHTTP_OPTION_DISABLE_FEATURE, &flags, sizeof(flags));
    }
    for (i = 0; i < (DWORD)fetch->headers.count; i++)
        http.addRequestHeaders(request, fetch->headers.lines[i], (DWORD)-1, WINHTTP_ADDREQ_FLAG_ADD | WINHTTP_ADDREQ_FLAG_REPLACE);
    if (!http.sendRequest(request, NULL, 0, (void *)fetch->body, fetch->body_size, fetch->body_size, 0)) return GetLastError();
    return http.receiveResponse(request, NULL) ? 0 : GetLastError();
}

DWORD fetch_url(const struct fetch *fetch, struct fetched *result)
{
    URL_COMPONENTSW parts;
    WCHAR host[256], *path;
    HINTERNET session, connection, request;
    DWORD error = 0;
    if (!load_winhttp()) return ERROR_MOD_NOT_FOUND;
    path = grab((wcslen(fetch->url) + 2) * sizeof(WCHAR));
    memset(&parts, 0, sizeof(parts));
    parts.dwStructSize = sizeof(parts);
    parts.lpszHostName = host;
    parts.dwHostNameLength = 255;
    parts.dwUrlPathLength = 1;
    parts.dwExtraInfoLength = 1;
    if (!http.crackUrl(fetch->url, 0, 0, &parts)) return GetLastError();
    if (parts.lpszUrlPath) wcscpy(path, parts.lpszUrlPath);
    if (!*path) wcscpy(path, L"/");
    if (wcschr(path, '#')) *wcschr(path, '#') = 0;
    session = http.open(fetch->user_agent, WINHTTP_ACCESS_TYPE_NO_PROXY, NULL, NULL, 0);
    if (!session) return GetLastError();
    http.setTimeouts(session, fetch->connect_timeout_ms, fetch->connect_timeout_ms ? fetch->connect_timeout_ms : 60000, fetch->total_timeout_ms ? fetch->total_timeout_ms : 300000,
                       fetch->total_timeout_ms ? fetch->total_timeout_ms : 300000);
    connection = http.connect(session, host, parts.nPort, 0);
    request = connection ? http.openRequest(connection, fetch->method, path, NULL, NULL, NULL, parts.nScheme == INTERNET_SCHEME_HTTPS ? WINHTTP_FLAG_SECURE : 0) : NULL;
    if (!request) error = GetLastError();
    if (!error) error = send(fetch, request);
    if (!error) error = read_headers(request, result);
    if (!error && wcscmp(fetch->method, L"HEAD")) error = read_body(request, result);
    if (request) http.closeHandle(request);
    if (connection) http.closeHandle(connection);
    http.closeHandle(session);
    free(path);
    return error;
}
