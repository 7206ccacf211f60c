/* SPDX-License-Identifier: Apache-2.0 */
/* RFC 6455, 5.3: masking. */
#ifndef CORE_MASK_H
#define CORE_MASK_H

#include <stddef.h>

/*
 * Masks or unmasks. offset says how many bytes of the same payload came
 * before these (only its lowest two bits count). In and out may be the same.
 */
void	mask_apply(unsigned char *out, const unsigned char *in, size_t len,
	    const unsigned char key[4], size_t offset);

/*
 * Unpredictable bytes for keys, of the calling thread's supply: filled by
 * OpenSSL's generator, which the system's seeds, a few kilobytes at a time
 * (RFC 6455, 10.3).
 */
void	mask_key(unsigned char key[4]);

#endif
