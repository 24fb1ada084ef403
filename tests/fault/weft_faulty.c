/* SPDX-License-Identifier: ISC */
/*
 * weft with the table of system calls that goes wrong on demand (see
 * tests/lib/fault.h), for the tests alone.
 *
 * WEFT_FAULT_ROLE says which of its processes arms it: "command", "control"
 * (the tree's server that leads the conversation) or "serve" (the far end).
 * With WEFT_MUTANTS, WEFT_MUTANT says what is left out (tests/fault/mutants.h).
 */
#include <stdlib.h>
#include <string.h>

#include "fs/confine.h"
#include "tests/lib/fault.h"

#ifdef WEFT_MUTANTS
#include WEFT_MUTANTS
int mutants_without;
#endif

int program_main(int argc, char *argv[]);

#define main program_main
#include "src/main.c"
#undef main

/* What goes wrong may be a program that somebody runs in between: these
 * processes give up nothing. */
bool
confine_calls(void)
{
    return false;
}

bool
confine_paths(const struct confine_place *places, size_t n)
{
    (void)places, (void)n;
    return false;
}

static const char *
role(int argc, char *argv[])
{
    if (argc < 2 || strcmp(argv[1], "serve") != 0)
        return "command";
    for (int i = 2; i < argc; i++)
        if (strcmp(argv[i], "--control") == 0)
            return "control";
    return "serve";
}

int
main(int argc, char *argv[])
{
    const char *wanted = getenv("WEFT_FAULT_ROLE");

    if (wanted != NULL && strcmp(wanted, role(argc, argv)) == 0)
        fault_from_environment();
    else
        fault_lacks_from_environment();
#ifdef WEFT_MUTANTS
    const char *without = getenv("WEFT_MUTANT");
    mutants_without = without ? atoi(without) : MUTANTS_NONE;
#endif
    return program_main(argc, argv);
}
