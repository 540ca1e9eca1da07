/* Stands for kernel32.dll's LocalFree: tells the ledger, then does the real thing. */
#include "standin.h"

void *__stdcall StandinLocalFree(void *memory);
void *__stdcall StandinLocalFree(void *memory)
{
    ledger_freed(memory, ALLOCATOR_LOCAL);
    return LocalFree(memory);
}
