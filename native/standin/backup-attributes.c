/*
 * ntdll.dll's calls on what a file is, with the attributes that Wine's file system cannot hold kept in its shadow: read-only
 * directories, archive bits and the like. Everything else is the real ntdll's.
 */
#include "shadow.h"
#include "standin.h"

#define BASIC 4
#define LINK 11
/* NTFS's, which Wine's file systems do not have. */
#define MOST_NAMES 1024
#define TOO_MANY_LINKS 0xC0000265u
#define ATTRIBUTES_AT 32

typedef DWORD(__stdcall *file_call)(HANDLE, ULONG_PTR *, void *, ULONG, ULONG);

static file_call real(const char *name)
{
    return (file_call)(ULONG_PTR)GetProcAddress(GetModuleHandleW(L"ntdll.dll"), name);
}

EXPORT DWORD __stdcall NtSetInformationFile(HANDLE file, ULONG_PTR *status, void *information, ULONG length, ULONG class)
{
    DWORD wanted = 0, result;
    BYTE copy[40];
    if (class == LINK) {
        BY_HANDLE_FILE_INFORMATION known;
        HRESULT fault = fault_of("FileLinkInformation", NULL);
        if (fault) return (DWORD)fault;
        if (GetFileInformationByHandle(file, &known) && known.nNumberOfLinks >= MOST_NAMES) return TOO_MANY_LINKS;
    }
    if (class != BASIC || length != sizeof(copy)) return real("NtSetInformationFile")(file, status, information, length, class);
    memcpy(copy, information, sizeof(copy));
    memcpy(&wanted, copy + ATTRIBUTES_AT, 4);
    if (wanted & FILE_ATTRIBUTE_DIRECTORY) {
        DWORD plain = wanted & ~FILE_ATTRIBUTE_READONLY;
        memcpy(copy + ATTRIBUTES_AT, &plain, 4);
    }
    result = real("NtSetInformationFile")(file, status, copy, length, class);
    if (!result && wanted) {
        struct shadow shadow;
        shadow_load(file, &shadow);
        shadow.known_attributes = 1;
        shadow.attributes = wanted;
        shadow_save(file, &shadow);
        shadow_free(&shadow);
    }
    return result;
}

EXPORT DWORD __stdcall NtQueryInformationFile(HANDLE file, ULONG_PTR *status, void *information, ULONG length, ULONG class)
{
    DWORD result = real("NtQueryInformationFile")(file, status, information, length, class);
    if (!result && class == BASIC && length >= 40) {
        struct shadow shadow;
        shadow_load(file, &shadow);
        if (shadow.known_attributes) {
            DWORD attributes = shadow.attributes | (shadow.reparse.length ? FILE_ATTRIBUTE_REPARSE_POINT : 0);
            memcpy((BYTE *)information + ATTRIBUTES_AT, &attributes, 4);
        }
        shadow_free(&shadow);
    }
    return result;
}
