/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/limit.h"

const struct limit_mode limit_fanout = { 0 };
