#ifndef STANDIN_CHILD_H
#define STANDIN_CHILD_H

#include "json.h"

/* The variable PATH of the parameters becomes this process' own before the program is looked up. */
#define CHILD_OWN_PATH 0x10000000u

/*
 * Starts what process parameters (hcs.md 5) ask for, with the inheritable handles of `startup`. `flags`: CREATE_SUSPENDED,
 * CHILD_OWN_PATH. A Win32 code.
 */
DWORD child_start(const struct json *parameters, DWORD flags, STARTUPINFOW *startup, PROCESS_INFORMATION *information);

#endif
