/* SPDX-License-Identifier: Apache-2.0 */
/* The table of functions that plugins are handed. */
#ifndef CORE_HOST_H
#define CORE_HOST_H

#include <headgate/plugin.h>

extern const struct hg_host host_table;

#endif
