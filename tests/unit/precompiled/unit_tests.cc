// A library of nothing but its precompiled header, which the unit tests are compiled with.
#include "tests/unit/precompiled/unit_tests.h"
