/* SPDX-License-Identifier: ISC */
/* The code under test again, with rules that can be left out. */
#define WEFT_MUTANTS "tests/property/mutants.h"
#include "../../src/merge/resolve.c" /* not the library's object */
