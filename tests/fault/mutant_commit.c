/* SPDX-License-Identifier: ISC */
/* sync/commit with steps that can be left out. */
#ifndef WEFT_MUTANTS
#define WEFT_MUTANTS "tests/fault/mutants.h"
#endif
#include "src/sync/commit.c"
