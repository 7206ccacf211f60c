/* SPDX-License-Identifier: Apache-2.0 */
/* W15: bodies of HTTP messages. In whatever pieces the bytes come, they are the
 * same body, the same error, and leave the same bytes to what follows. */
#include "fuzz.h"

#include <string.h>

#include "httpbody.h"
#include "str.h"

struct outcome {
	struct str			 data;
	enum httpbody_result		 result;
	const char			*error;
	size_t				 left;
};

static void
decode(struct outcome *outcome, enum httpbody_kind kind, uint64_t length,
    const unsigned char *bytes, size_t len, size_t piece)
{
	const unsigned char *at, *data;
	struct httpbody body;
	size_t part, left, data_len;

	memset(outcome, 0, sizeof(*outcome));
	httpbody_init(&body, kind, length);
	outcome->result = httpbody_is_complete(&body) ? HTTPBODY_END :
	    HTTPBODY_NEED;
	while (len > 0 && outcome->result == HTTPBODY_NEED) {
		part = left = piece < len ? piece : len;
		at = bytes;
		while ((outcome->result = httpbody_next(&body, &at, &left,
		    &data, &data_len)) == HTTPBODY_DATA) {
			FUZZ_IS(data >= bytes && data + data_len == at);
			FUZZ_IS(data_len > 0);
			str_add_bytes(&outcome->data, data, data_len);
		}
		FUZZ_IS(at == bytes + (part - left));
		FUZZ_IS(outcome->result != HTTPBODY_NEED || left == 0);
		bytes += part - left;
		len -= part - left;
		if (httpbody_is_complete(&body))
			outcome->result = HTTPBODY_END;
	}
	outcome->error = body.error;
	outcome->left = len;
}

void
fuzz_one(struct fuzz *fuzz)
{
	static const enum httpbody_kind kinds[] = { HTTPBODY_CHUNKED,
		HTTPBODY_LENGTH, HTTPBODY_REST, HTTPBODY_NONE };
	struct outcome whole, parts;
	unsigned how = fuzz_byte(fuzz), length = fuzz_byte(fuzz);
	enum httpbody_kind kind = kinds[how % 4];

	decode(&whole, kind, length, fuzz->at, fuzz->left, fuzz->left);
	decode(&parts, kind, length, fuzz->at, fuzz->left, 1 + how / 4 % 8);
	FUZZ_IS(whole.result == parts.result);
	FUZZ_IS(whole.left == parts.left);
	FUZZ_IS((whole.error == NULL) == (parts.error == NULL));
	FUZZ_IS(whole.error == NULL || strcmp(whole.error, parts.error) == 0);
	FUZZ_IS(whole.data.len == parts.data.len);
	FUZZ_IS(whole.data.len == 0 || memcmp(whole.data.text,
	    parts.data.text, whole.data.len) == 0);
	FUZZ_IS(whole.data.len + whole.left <= fuzz->left);
	str_free(&whole.data);
	str_free(&parts.data);
}
