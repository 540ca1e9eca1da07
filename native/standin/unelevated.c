#include <windows.h>
#include <stdio.h>

/* Runs a program with the token of an administrator who has not elevated, as User Account Control makes it:
   `standin-unelevated.exe program arguments...`. Ends with the program's exit code, or 250 and a line why not. */

static int failed(const char *call)
{
    fprintf(stderr, "%s: error %lu\n", call, GetLastError());
    return 250;
}

/* What follows the program's own name. */
static WCHAR *rest_of(WCHAR *line)
{
    BOOL quoted = FALSE;
    while (*line && (quoted || *line != L' ')) {
        if (*line == L'"') quoted = !quoted;
        line++;
    }
    while (*line == L' ') line++;
    return line;
}

static BOOL limited_token(HANDLE *limited)
{
    TOKEN_LINKED_TOKEN linked;
    DWORD size;
    HANDLE own;
    BOOL done;
    if (!OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY | TOKEN_DUPLICATE, &own)) return FALSE;
    done = GetTokenInformation(own, TokenLinkedToken, &linked, sizeof(linked), &size) &&
           DuplicateTokenEx(linked.LinkedToken, MAXIMUM_ALLOWED, NULL, SecurityImpersonation, TokenPrimary, limited);
    CloseHandle(own);
    return done;
}

int main(void)
{
    STARTUPINFOW start = {.cb = sizeof(start), .dwFlags = STARTF_USESTDHANDLES};
    PROCESS_INFORMATION process;
    DWORD code = 250;
    HANDLE token;
    if (!limited_token(&token)) return failed("TokenLinkedToken");
    start.hStdInput = GetStdHandle(STD_INPUT_HANDLE);
    start.hStdOutput = GetStdHandle(STD_OUTPUT_HANDLE);
    start.hStdError = GetStdHandle(STD_ERROR_HANDLE);
    if (!CreateProcessAsUserW(token, NULL, rest_of(GetCommandLineW()), NULL, NULL, TRUE, 0, NULL, NULL, &start, &process))
        return failed("CreateProcessAsUser");
    WaitForSingleObject(process.hProcess, INFINITE);
    GetExitCodeProcess(process.hProcess, &code);
    return (int)code;
}
