/*
 * What the stand-in DLLs share (standin-core.dll). They stand for Windows' container services in tests: the same prototypes
 * and ownership rules, with a ledger of everything handed out, a call log and faults on demand. The state lives in
 * standin-service.exe, so that several processes see the same compute systems and networks, and a client may die.
 *
 *   PORTHOLE_STANDIN_LOG     file to which each call is appended as one JSON line; at exit `{"exit":{...ledger}}`
 *   PORTHOLE_STANDIN_FAULTS  `Function:n:0xHRESULT[:late]` separated by commas: the n-th call fails (n = 0: every call);
 *                            `late` = the call succeeds and the operation it began fails
 *   PORTHOLE_STANDIN_MODE    `early` (failures come from the call itself), `prompt` (vmcompute never says pending),
 *                            `tardy` (events come when the state can long be asked for)
 */
#ifndef STANDIN_H
#define STANDIN_H

#include "json.h"

#ifdef STANDIN_CORE
#define CORE __declspec(dllexport)
#else
#define CORE __declspec(dllimport)
#endif
#define EXPORT __declspec(dllexport)

#define FAILURE_OF_WIN32(code) ((HRESULT)(0x80070000u | (code)))
#define HCS(low) ((HRESULT)(0x80370000u | (low)))
#define HCN(low) ((HRESULT)(0x803B0000u | (low)))

/* ---- ledger: handles and strings that callers own ---- */

enum ledger_kind { LEDGER_OPERATION, LEDGER_SYSTEM, LEDGER_PROCESS, LEDGER_CALLBACK, LEDGER_NAMESPACE, LEDGER_LAYER, LEDGER_HIVE, LEDGER_KINDS };
enum ledger_allocator { ALLOCATOR_LOCAL, ALLOCATOR_TASK };

/* Zeroed memory of that size, to be given out as a handle. It is never given back to the heap: a closed one is recognised. */
CORE void *ledger_open(enum ledger_kind kind, SIZE_T size);
/* False, and a violation noted, for NULL, a handle of another kind and one that was closed. */
CORE BOOL ledger_is_open(const void *handle, enum ledger_kind kind, const char *function);
/* As ledger_is_open; then the handle is closed. Its memory is poisoned by ledger_poison, when no thread uses it any more. */
CORE BOOL ledger_close(void *handle, enum ledger_kind kind, const char *function);
CORE void ledger_poison(void *handle, SIZE_T size);
/* A string that the caller must free with that allocator; NULL gives NULL. */
CORE WCHAR *ledger_string(const char *text, enum ledger_allocator allocator);
/* Called by the stand-ins of LocalFree and CoTaskMemFree before the real ones. */
CORE void ledger_freed(void *memory, enum ledger_allocator allocator);
CORE void ledger_violation(const char *format, const char *about);

/* ---- log and faults ---- */

/* Name and UTF-16 value pairs, ended by NULL. Appended to the log with the result. */
CORE void log_call(const char *function, HRESULT result, ...);
/* The failure that this call must have, or S_OK. `late` receives whether it belongs to the operation. */
CORE HRESULT fault_of(const char *function, BOOL *late);
/* A huge document, broken JSON... instead of the usual one; NULL when there is none. malloc'd. */
CORE char *fault_document(void);
CORE BOOL mode_is(const char *mode);

/* ---- the service ---- */

/* `{"hr":n,"result":any,...}`; takes over `arguments`. An unreachable service answers `hr` 0x800706BA. Never NULL. */
CORE struct json *service_call(const char *method, struct json *arguments);
CORE HRESULT reply_hresult(const struct json *reply);

#define SERVICE_PIPE L"\\\\.\\pipe\\porthole-standin-service"

#endif
