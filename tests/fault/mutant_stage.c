/* SPDX-License-Identifier: ISC */
/* fs/stage with steps that can be left out. */
#ifndef WEFT_MUTANTS
#define WEFT_MUTANTS "tests/fault/mutants.h"
#endif
#include "src/fs/stage.c"
