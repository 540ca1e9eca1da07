#include "standin.h"
#include <bcrypt.h>

static const WCHAR *algorithm_of(const WCHAR *name)
{
    static const WCHAR *const known[][2] = {{L"MD5", BCRYPT_MD5_ALGORITHM},       {L"SHA1", BCRYPT_SHA1_ALGORITHM},     {L"SHA256", BCRYPT_SHA256_ALGORITHM},
                                            {L"SHA384", BCRYPT_SHA384_ALGORITHM}, {L"SHA512", BCRYPT_SHA512_ALGORITHM}, {L"MD4", BCRYPT_MD4_ALGORITHM},
                                            {L"MD2", BCRYPT_MD2_ALGORITHM}};
    size_t i;
    for (i = 0; i < sizeof(known) / sizeof(*known); i++)
        if (!_wcsicmp(name, known[i][0])) return known[i][1];
    return NULL;
}

static int failed(const WCHAR *verb, DWORD error)
{
    DWORD hresult = (long)error < 0 ? error : 0x80070000 | error;
    say(L"CertUtil: -%ls command FAILED: 0x%08lx (WIN32: %lu)\nCertUtil: %ls\n", verb, hresult, hresult & 0xffff, error_text(error));
    return (int)hresult;
}

static int completed(const WCHAR *verb)
{
    say(L"CertUtil: -%ls command completed successfully.\n", verb);
    return 0;
}

static int hash_file(const WCHAR *path, const WCHAR *name)
{
    const WCHAR *algorithm = algorithm_of(name);
    BCRYPT_ALG_HANDLE provider;
    BCRYPT_HASH_HANDLE hash;
    struct bytes data = {0};
    BYTE digest[64];
    DWORD size = 0, used, i;
    size_t at;
    if (!algorithm) return failed(L"hashfile", 0xd0000225);
    if (!read_file(path, &data)) return failed(L"hashfile", GetLastError());
    if (BCryptOpenAlgorithmProvider(&provider, algorithm, NULL, 0)) return failed(L"hashfile", ERROR_NOT_SUPPORTED);
    BCryptGetProperty(provider, BCRYPT_HASH_LENGTH, (BYTE *)&size, sizeof(size), &used, 0);
    if (BCryptCreateHash(provider, &hash, NULL, 0, NULL, 0, 0)) return failed(L"hashfile", ERROR_NOT_SUPPORTED);
    for (at = 0; at < data.size; at += 1 << 20) BCryptHashData(hash, data.data + at, data.size - at > 1 << 20 ? 1 << 20 : (ULONG)(data.size - at), 0);
    BCryptFinishHash(hash, digest, size, 0);
    say(L"%ls hash of %ls:\n", _wcsupr(copy_text(name)), path);
    for (i = 0; i < size; i++) say(L"%02x", digest[i]);
    say(L"\n");
    return completed(L"hashfile");
}

static int encode(const WCHAR *from, const WCHAR *to)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    struct bytes data = {0}, text = {0};
    size_t at, column = 0;
    if (!read_file(from, &data)) return failed(L"encode", GetLastError());
    if (exists(to)) return failed(L"encode", ERROR_FILE_EXISTS);
    append(&text, "-----BEGIN CERTIFICATE-----\r\n", 29);
    for (at = 0; at < data.size; at += 3) {
        size_t left = data.size - at;
        DWORD three = (DWORD)data.data[at] << 16 | (left > 1 ? (DWORD)data.data[at + 1] << 8 : 0) | (left > 2 ? data.data[at + 2] : 0);
        char four[4] = {digits[three >> 18], digits[three >> 12 & 63], left > 1 ? digits[three >> 6 & 63] : '=', left > 2 ? digits[three & 63] : '='};
        append(&text, four, 4);
        if ((column += 4) == 64) {
            append(&text, "\r\n", 2);
            column = 0;
        }
    }
    if (column) append(&text, "\r\n", 2);
    append(&text, "-----END CERTIFICATE-----\r\n", 27);
    if (!write_file(to, text.data, text.size)) return failed(L"encode", GetLastError());
    say(L"Input Length = %lu\nOutput Length = %lu\n", (unsigned long)data.size, (unsigned long)text.size);
    return completed(L"encode");
}

static int decode(const WCHAR *from, const WCHAR *to, BOOL force)
{
    struct bytes data = {0}, plain = {0};
    DWORD hold = 0;
    int bits = 0;
    size_t at;
    if (!read_file(from, &data)) return failed(L"decode", GetLastError());
    if (exists(to) && !force) return failed(L"decode", ERROR_FILE_EXISTS);
    for (at = 0; at < data.size; at++) {
        BYTE c = data.data[at];
        int value = c >= 'A' && c <= 'Z' ? c - 'A' : c >= 'a' && c <= 'z' ? c - 'a' + 26 : c >= '0' && c <= '9' ? c - '0' + 52 : c == '+' ? 62 : c == '/' ? 63 : -1;
        if (c == '-') {
            while (at < data.size && data.data[at] != '\n') at++;
            continue;
        }
        if (c == '=' || c == '\r' || c == '\n' || c == ' ' || c == '\t') continue;
        if (value < 0) return failed(L"decode", ERROR_INVALID_DATA);
        hold = hold << 6 | (DWORD)value;
        bits += 6;
        if (bits >= 8) {
            BYTE byte = (BYTE)(hold >> (bits -= 8));
            append(&plain, &byte, 1);
        }
    }
    if (!write_file(to, plain.data, plain.size)) return failed(L"decode", GetLastError());
    say(L"Input Length = %lu\nOutput Length = %lu\n", (unsigned long)data.size, (unsigned long)plain.size);
    return completed(L"decode");
}

static int download(const WCHAR *url, const WCHAR *path)
{
    struct fetch request = {.url = url, .method = L"GET", .user_agent = L"CertUtil URL Agent", .follow = TRUE};
    struct fetched result = {0};
    DWORD error = fetch_url(&request, &result);
    say(L"****  Online  ****\n");
    if (error) return failed(L"URLCache", error);
    if (result.status >= 400) return failed(L"URLCache", 0x80190000 | result.status);
    if (!write_file(path, result.body.data, result.body.size)) return failed(L"URLCache", GetLastError());
    return completed(L"URLCache");
}

int tool_certutil(int argc, WCHAR **argv)
{
    const WCHAR *words[8] = {0}, *verb = NULL;
    BOOL force = FALSE;
    int count = 0, i;
    for (i = 1; i < argc; i++) {
        if (is_switch(argv[i], L"f")) force = TRUE;
        else if (is_switch(argv[i], L"split")) continue;
        else if ((*argv[i] == '-' || *argv[i] == '/') && !verb) verb = argv[i] + 1;
        else if (count < 7) words[count++] = argv[i];
    }
    if (verb && !_wcsicmp(verb, L"hashfile") && count >= 1) return hash_file(words[0], words[1] ? words[1] : L"SHA1");
    if (verb && !_wcsicmp(verb, L"encode") && count == 2) return encode(words[0], words[1]);
    if (verb && !_wcsicmp(verb, L"decode") && count == 2) return decode(words[0], words[1], force);
    if (verb && !_wcsicmp(verb, L"urlcache") && count >= 2) return download(words[0], words[1]);
    return refuse(L"certutil", L"only -hashfile, -encode, -decode and -urlcache -f URL FILE are supported", 1);
}
