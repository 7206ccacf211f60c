/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of the table that are not in fake-hg.c. */
#ifndef TESTS_FAKE_TABLE_H
#define TESTS_FAKE_TABLE_H

#include <headgate/plugin.h>

/* fake-recycle.c */
void	*fake_recycle_get(size_t);
void	 fake_recycle_put(void *, size_t);

/* fake-frame.c: frames, heads, fields, parameters */
struct hg_frame *fake_frame_new(const void *, size_t, unsigned);
struct hg_frame *fake_frame_ref(struct hg_frame *);
void	 fake_frame_unref(struct hg_frame *);
size_t	 fake_frame_len(const struct hg_frame *);
unsigned fake_frame_flags(const struct hg_frame *);
struct hg_frame *fake_frame_reflag(struct hg_frame *, unsigned);
size_t	 fake_frame_peek(const struct hg_frame *, size_t, void *, size_t);
const unsigned char *fake_frame_bytes(struct hg_frame **);
struct hg_frame *fake_frame_trim(struct hg_frame *, size_t);
struct hg_frame *fake_frame_slice(struct hg_frame *, size_t, size_t);
struct hg_frame *fake_frame_prepend(struct hg_frame *, const void *, size_t);
struct hg_frame *fake_frame_append(struct hg_frame *, const void *, size_t);
size_t	 fake_frame_tail(const struct hg_frame *, const void **);
struct hg_frame *fake_frame_concat(struct hg_frame *, struct hg_frame *);
int	 fake_head_status(const struct hg_head *);
const char *fake_head_reason(const struct hg_head *);
const char *fake_head_target(const struct hg_head *);
struct hg_head *fake_head_parse(const void *, size_t, const char *kind,
	    const char **error);
const char *fake_head_text(const struct hg_head *, size_t *);
void	 fake_head_free(struct hg_head *);
struct hg_head *fake_head_response(int, const char *,
	    const struct hg_fields *);
struct hg_fields *fake_fields_new(void);
void	 fake_fields_free(struct hg_fields *);
const char *fake_param_get(const struct hg_params *, const char *);

/* fake-world.c, fake-time.c, fake-negotiate.c */
void	 fake_log_write(const struct hg_slot *, enum hg_log_level,
	    const char *, ...) HG_PRINTF(3, 4);
const char *fake_quote(char *, size_t, const void *, size_t);
void	 fake_count(const struct hg_plugin *, unsigned, int64_t);
unsigned fake_worker_count(void);
unsigned fake_worker_index(void);
void	*fake_worker_data(const struct hg_plugin *);
int	 fake_post(unsigned, void (*)(void *), void *);
void	 fake_random(void *, size_t);
int	 fake_provide_by_plugin(const char *, const void *);
const void *fake_negotiation_options(const struct hg_negotiation *);
bool	 fake_negotiation_is_trunk(const struct hg_negotiation *);
const char *fake_negotiation_extensions(const struct hg_negotiation *);
bool	 fake_negotiation_has_mux(const struct hg_negotiation *);
void	 fake_negotiation_no_root(struct hg_negotiation *);
struct hg_timer *fake_timer_start(struct hg_slot *, uint64_t,
	    void (*)(struct hg_slot *, void *));
void	 fake_timer_stop(struct hg_timer *);
struct hg_timer *fake_worker_timer(const struct hg_plugin *, uint64_t,
	    void (*)(void *));
void	 fake_report_row(struct hg_report *);
void	 fake_report_text(struct hg_report *, const char *, const char *);
void	 fake_report_number(struct hg_report *, const char *, uint64_t);

/* fake-mux.c */
struct hg_channel *fake_hg_channel_accept(struct hg_slot *slot, struct
	    hg_channel *parent, const struct hg_head *request, unsigned id);
void *fake_hg_channel_data(struct hg_channel *ch);
void fake_hg_channel_set_id(struct hg_channel *ch, unsigned id);
void fake_hg_channel_opened(struct hg_channel *ch, const struct hg_head
	    *response);
void fake_hg_channel_recv(struct hg_channel *ch, struct hg_frame *frame);
void fake_hg_channel_ended(struct hg_channel *ch, unsigned code, const char
	    *reason);
void fake_hg_channel_set_full(struct hg_channel *ch, bool full);
bool fake_hg_channel_paused(const struct hg_channel *ch);
void fake_hg_channel_free(struct hg_channel *ch);
void fake_hg_channel_resend(struct hg_channel *ch, struct hg_frame *frame);
int fake_hg_channel_merge(struct hg_channel *member, struct hg_channel
	    *carrier, uint64_t seq);
int fake_hg_channel_unmerge(struct hg_channel *member, uint64_t seq);
int fake_hg_channel_handover(struct hg_channel *carrier, struct hg_channel
	    *next, uint64_t seq);
void fake_hg_conn_retire(struct hg_conn *conn);
int fake_hg_channel_auth(struct hg_channel *ch, const struct hg_fields
	    *fields);
void fake_hg_channel_authed(struct hg_channel *ch, int status, const struct
	    hg_fields *fields);
void fake_hg_channel_got_auth(struct hg_channel *ch, const struct hg_head
	    *request);
void fake_hg_channel_got_authed(struct hg_channel *ch, const struct hg_head
	    *response);
int fake_hg_channel_place(struct hg_channel *ch, bool known, uint64_t seq);
int fake_hg_channel_resume(struct hg_channel *ch, const char *flow,
	    const char *epoch, uint64_t seq, uint64_t *last);
int fake_hg_channel_ask_resume(struct hg_channel *ch, const char *flow,
	    const char *epoch, uint64_t seq);
void fake_hg_channel_resumed(struct hg_channel *ch, bool yes);
void fake_hg_channel_rejoined(struct hg_channel *ch);
/* fake-beat.c */
void	 fake_hg_beat(struct hg_slot *);
void	 fake_hg_alive(struct hg_slot *);
struct hg_group *fake_hg_group_new(struct hg_conn *conn);
void fake_hg_group_free(struct hg_group *group);
int fake_hg_group_add(struct hg_group *group, struct hg_channel *ch);
void fake_hg_group_remove(struct hg_group *group, struct hg_channel *ch);
void fake_hg_group_recv(struct hg_group *group, struct hg_frame *frame);

/* fake-http.c */
const char *fake_head_method(const struct hg_head *);
bool	 fake_head_field(const struct hg_head *, size_t, const char **,
	    const char **);
struct hg_conn *fake_hg_http_conn(const struct hg_exchange *);
const struct hg_head *fake_hg_http_request(const struct hg_exchange *);
const void *fake_hg_http_options(const struct hg_exchange *);
const char *fake_hg_http_service(const struct hg_exchange *);
const char *fake_hg_http_path(const struct hg_exchange *);
const char *fake_hg_http_peer(const struct hg_exchange *);
bool	 fake_hg_http_is_tls(const struct hg_exchange *);
int64_t	 fake_hg_http_length(const struct hg_exchange *);
int	 fake_hg_http_respond(struct hg_exchange *, int,
	    const struct hg_fields *);
bool	 fake_hg_http_send(struct hg_exchange *, struct hg_frame *);
void	 fake_hg_http_end(struct hg_exchange *);
void	 fake_hg_http_abort(struct hg_exchange *, const char *);
void	 fake_hg_http_hold(struct hg_exchange *, bool);
const char *fake_hg_http_browser(const struct hg_exchange *, unsigned);

/* fake-fetch.c */
struct hg_fetch *fake_hg_fetch_start(struct hg_target *,
	    const struct hg_request *, const struct hg_fetch_ops *, void *);
bool	 fake_hg_fetch_send(struct hg_fetch *, struct hg_frame *);
void	 fake_hg_fetch_send_end(struct hg_fetch *);
void	 fake_hg_fetch_hold(struct hg_fetch *, bool);
void	 fake_hg_fetch_cancel(struct hg_fetch *);


/* fake-kept.c */
struct hg_kept *fake_keep_upstream(struct hg_slot *,
	    const struct hg_kept_ops *, void *);
void	 fake_kept_send(struct hg_kept *, struct hg_frame *);
void	 fake_kept_end(struct hg_kept *, unsigned, const char *);

/* fake-login.c */
const void *fake_hg_login_options(const struct hg_login *);
const char *fake_hg_login_service(const struct hg_login *);
const char *fake_hg_login_peer(const struct hg_login *);
int	 fake_hg_login_set_target(struct hg_login *, const char *target);
void	 fake_hg_login_done(struct hg_login *, int status,
	    const char *identity, uint64_t expires, const struct hg_fields *);
const char *fake_hg_channel_identity(const struct hg_channel *);

#define FAKE_REST_OF_TABLE						\
	.login_options = fake_hg_login_options,				\
	.login_service = fake_hg_login_service,				\
	.login_peer = fake_hg_login_peer,				\
	.login_set_target = fake_hg_login_set_target,			\
	.login_done = fake_hg_login_done,				\
	.channel_identity = fake_hg_channel_identity,			\
	.log = fake_log_write,						\
	.quote = fake_quote,						\
	.count = fake_count,						\
	.worker_count = fake_worker_count,				\
	.worker_index = fake_worker_index,				\
	.worker_data = fake_worker_data,				\
	.post = fake_post,						\
	.now = fake_now,						\
	.random = fake_random,						\
	.provide = fake_provide_by_plugin,				\
	.find = fake_find,						\
	.frame_new = fake_frame_new,					\
	.frame_ref = fake_frame_ref,					\
	.frame_unref = fake_frame_unref,				\
	.frame_len = fake_frame_len,					\
	.frame_flags = fake_frame_flags,				\
	.frame_reflag = fake_frame_reflag,				\
	.frame_peek = fake_frame_peek,					\
	.frame_bytes = fake_frame_bytes,				\
	.frame_trim = fake_frame_trim,					\
	.frame_slice = fake_frame_slice,				\
	.frame_prepend = fake_frame_prepend,				\
	.frame_append = fake_frame_append,				\
	.frame_concat = fake_frame_concat,				\
	.frame_tail = fake_frame_tail,					\
	.head_get = http_get,						\
	.head_next = http_next,						\
	.head_status = fake_head_status,				\
	.head_reason = fake_head_reason,				\
	.head_target = fake_head_target,				\
	.head_parse = fake_head_parse,					\
	.head_text = fake_head_text,					\
	.head_free = fake_head_free,					\
	.head_response = fake_head_response,				\
	.fields_new = fake_fields_new,					\
	.fields_add = http_fields_add,					\
	.fields_free = fake_fields_free,				\
	.param_get = fake_param_get,					\
	.param_set = wsext_set,						\
	.negotiation_options = fake_negotiation_options,		\
	.negotiation_is_trunk = fake_negotiation_is_trunk,		\
	.negotiation_channel_extensions = fake_negotiation_extensions,	\
	.negotiation_has_mux = fake_negotiation_has_mux,		\
	.negotiation_no_root = fake_negotiation_no_root,		\
	.param_at = wsext_at,						\
	.timer_start = fake_timer_start,				\
	.timer_stop = fake_timer_stop,					\
	.worker_timer = fake_worker_timer,				\
	.report_row = fake_report_row,					\
	.report_text = fake_report_text,				\
	.report_number = fake_report_number,				\
	.recycle_get = fake_recycle_get,					\
	.recycle_put = fake_recycle_put,					\
	.keep_upstream = fake_keep_upstream,				\
	.kept_send = fake_kept_send,					\
	.kept_end = fake_kept_end,					\
	.head_method = fake_head_method,				\
	.head_field = fake_head_field,					\
	.http_conn = fake_hg_http_conn,					\
	.http_request = fake_hg_http_request,				\
	.http_options = fake_hg_http_options,				\
	.http_service = fake_hg_http_service,				\
	.http_path = fake_hg_http_path,					\
	.http_peer = fake_hg_http_peer,					\
	.http_is_tls = fake_hg_http_is_tls,				\
	.http_length = fake_hg_http_length,				\
	.http_respond = fake_hg_http_respond,				\
	.http_send = fake_hg_http_send,					\
	.http_end = fake_hg_http_end,					\
	.http_abort = fake_hg_http_abort,				\
	.http_hold = fake_hg_http_hold,					\
	.http_browser = fake_hg_http_browser,				\
	.fetch_check = fetchtarget_check,				\
	.fetch_target = fetchtarget_get,				\
	.fetch_host = fetchtarget_host,					\
	.fetch_path = fetchtarget_path,					\
	.fetch_start = fake_hg_fetch_start,				\
	.fetch_send = fake_hg_fetch_send,				\
	.fetch_send_end = fake_hg_fetch_send_end,			\
	.fetch_hold = fake_hg_fetch_hold,				\
	.fetch_cancel = fake_hg_fetch_cancel

#endif
