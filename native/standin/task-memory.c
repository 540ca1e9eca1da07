/* Stands for ole32.dll's CoTaskMemFree: tells the ledger, then does the real thing. */
#include "standin.h"
#include <objbase.h>

void __stdcall StandinCoTaskMemFree(void *memory);
void __stdcall StandinCoTaskMemFree(void *memory)
{
    ledger_freed(memory, ALLOCATOR_TASK);
    CoTaskMemFree(memory);
}
