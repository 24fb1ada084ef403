/* SPDX-License-Identifier: ISC */
#include "tests/property/mutants.h"

int mutants_without = MUTANTS_NONE;
