/* SPDX-License-Identifier: Apache-2.0 */
/* W13, W15, W16: HTTP heads and opening handshakes. What is accepted is written
 * as text that is accepted again, and has no byte that begins another line. */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "handshake.h"
#include "http.h"
#include "str.h"

static struct hg_head *
again(const struct hg_head *head, enum http_kind kind, struct str *out)
{
	const char *error = NULL, *text;
	struct hg_head *other;
	size_t i, len;
	int status = 0;

	for (i = 0; i < head->count; i++) {
		FUZZ_IS(strpbrk(http_name(head, i), "\r\n: ") == NULL);
		FUZZ_IS(strpbrk(http_value(head, i), "\r\n") == NULL);
	}
	text = http_text(head, &len);
	FUZZ_IS(text != NULL);
	str_add_bytes(out, text, len);
	str_add(out, "\r\n");
	other = http_parse(out->text, out->len, kind, &error, &status);
	FUZZ_IS(other != NULL);
	return (other);
}

static void
check_text(const struct hg_head *head, enum http_kind kind)
{
	struct str one = { 0 }, two = { 0 };
	struct hg_head *other = again(head, kind, &one);

	http_free(again(other, kind, &two));
	FUZZ_IS(one.len == two.len);
	FUZZ_IS(memcmp(one.text, two.text, one.len) == 0);
	http_free(other);
	str_free(&one);
	str_free(&two);
}

void
fuzz_one(struct fuzz *fuzz)
{
	enum http_kind kind = (enum http_kind)(fuzz_byte(fuzz) % 3);
	struct hg_head *head;
	const char *error = NULL, *why = NULL;
	int status = 0, checked;

	head = http_parse(fuzz->at, fuzz->left, kind, &error, &status);
	if (head == NULL) {
		FUZZ_IS(error != NULL);
		FUZZ_IS(kind != HTTP_REQUEST || status >= 400);
		return;
	}
	check_text(head, kind);
	if (kind == HTTP_REQUEST) {
		checked = handshake_check_request(head, &why);
		FUZZ_IS(checked == 101 || checked >= 400);
		FUZZ_IS(checked == 101 || why != NULL);
	} else if (kind == HTTP_RESPONSE)
		handshake_check_response(head, "dGhlIHNhbXBsZSBub25jZQ==",
		    "a, b");
	http_free(head);
}
