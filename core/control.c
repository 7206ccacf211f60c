/* SPDX-License-Identifier: Apache-2.0 */
#include "control.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <errno.h>
#include <fcntl.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "list.h"
#include "log.h"
#include "report.h"
#include "stats.h"
#include "str.h"
#include "worker.h"

#define CONTROL_LINE_MAX	128
#define CONTROL_CLIENTS_MAX	16
#define CONTROL_SECONDS		5	/* for a client, and for a worker */

struct control {
	struct event_base	*base;
	struct event		*accept;
	const struct settings	*settings;
	struct list		 clients;
	unsigned		 count;
	uint64_t		 started_at;
	int			 fd;
	struct sockaddr_un	 address;
};

struct control_client {
	struct list	 node;
	struct control	*control;
	struct event	*event;
	int		 fd;
	char		 line[CONTROL_LINE_MAX];
	size_t		 line_len;
	struct str	 answer;
	size_t		 sent;
};

/* What one worker is asked; freed by whoever is last, main or the worker. */
struct control_question {
	atomic_uint	 refs;
	sem_t		 done;
	struct worker	*worker;
	struct hg_report report;
	char		 what[CONTROL_LINE_MAX];
};

static void
control_question_unref(struct control_question *question)
{
	if (atomic_fetch_sub(&question->refs, 1) != 1)
		return;
	report_free(&question->report);
	sem_destroy(&question->done);
	free(question);
}

static void
control_ask(void *arg)
{
	struct control_question *question = arg;

	stats_of_worker(question->worker, question->what, &question->report);
	sem_post(&question->done);
	control_question_unref(question);
}

/* A worker that does not answer in time is left out. */
static void
control_collect(struct worker *worker, const char *what,
    struct hg_report *report)
{
	struct control_question *question;
	struct timespec until;
	int error;

	if (worker == worker_self()) {
		worker_tick(worker);
		stats_of_worker(worker, what, report);
		return;
	}
	if ((question = calloc(1, sizeof(*question))) == NULL)
		return;
	atomic_init(&question->refs, 2);
	sem_init(&question->done, 0, 0);
	question->worker = worker;
	snprintf(question->what, sizeof(question->what), "%s", what);
	if (worker_post(worker, control_ask, question) != 0) {
		control_question_unref(question);
		control_question_unref(question);
		return;
	}
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += CONTROL_SECONDS;
	do
		error = sem_timedwait(&question->done, &until);
	while (error != 0 && errno == EINTR);
	if (error == 0)
		report_join(report, &question->report);
	else
		log_write(HG_LOG_WARN, NULL, "worker %u does not answer",
		    worker->index);
	control_question_unref(question);
}

static void
control_answer(struct control_client *client, const char *line)
{
	struct control *control = client->control;
	struct hg_report report = { 0 };
	bool json = strncmp(line, "json ", 5) == 0;
	unsigned i;

	if (json)
		line += 5;
	stats_of_process(control->settings, control->started_at, line,
	    &report);
	for (i = 0; i < workers_count(); i++)
		control_collect(worker_at(i), line, &report);
	if (report.count == 0 && !stats_is_known(line))
		str_add(&client->answer, "error: no such table, or it is "
		    "empty\n");
	else if (json)
		report_print_json(&client->answer, &report);
	else
		report_print_text(&client->answer, &report);
	report_free(&report);
}

static void
control_client_free(struct control_client *client)
{
	list_remove(&client->node);
	client->control->count--;
	if (client->event != NULL)
		event_free(client->event);
	close(client->fd);
	str_free(&client->answer);
	free(client);
}

static void
control_write(struct control_client *client)
{
	ssize_t n;

	while (client->sent < client->answer.len) {
		n = send(client->fd, client->answer.text + client->sent,
		    client->answer.len - client->sent, MSG_NOSIGNAL);
		if (n < 0 && errno == EAGAIN)
			return;
		if (n <= 0)
			break;
		client->sent += (size_t)n;
	}
	control_client_free(client);
}

static void control_event(evutil_socket_t, short, void *);

static void
control_wait(struct control_client *client, short what)
{
	struct timeval tv = { .tv_sec = CONTROL_SECONDS };

	if (client->event != NULL)
		event_free(client->event);
	client->event = event_new(client->control->base, client->fd,
	    (short)(what | EV_PERSIST), control_event, client);
	if (client->event == NULL || event_add(client->event, &tv) != 0)
		control_client_free(client);
}

static void
control_read(struct control_client *client)
{
	ssize_t n;
	char *end;

	n = recv(client->fd, client->line + client->line_len,
	    sizeof(client->line) - 1 - client->line_len, 0);
	if (n < 0 && errno == EAGAIN)
		return;
	if (n <= 0) {
		control_client_free(client);
		return;
	}
	client->line_len += (size_t)n;
	client->line[client->line_len] = '\0';
	if ((end = strchr(client->line, '\n')) == NULL) {
		if (client->line_len == sizeof(client->line) - 1)
			control_client_free(client);
		return;
	}
	*end = '\0';
	control_answer(client, client->line);
	control_wait(client, EV_WRITE);
}

static void
control_event(evutil_socket_t fd, short what, void *arg)
{
	struct control_client *client = arg;

	(void)fd;
	if ((what & EV_TIMEOUT) != 0)
		control_client_free(client);
	else if ((what & EV_WRITE) != 0)
		control_write(client);
	else
		control_read(client);
}

static void
control_accept(evutil_socket_t fd, short what, void *arg)
{
	struct control *control = arg;
	struct control_client *client;
	int own;

	(void)what;
	own = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (own < 0)
		return;
	if (control->count == CONTROL_CLIENTS_MAX ||
	    (client = calloc(1, sizeof(*client))) == NULL) {
		close(own);
		return;
	}
	client->control = control;
	client->fd = own;
	list_push(&control->clients, &client->node);
	control->count++;
	control_wait(client, EV_READ);
}

/* Folders of this kind are gone after each start of the machine. */
static int
control_make_folder(const char *path)
{
	char folder[sizeof(((struct sockaddr_un *)NULL)->sun_path)];
	char *slash;
	mode_t mask;
	int result;

	snprintf(folder, sizeof(folder), "%s", path);
	if ((slash = strrchr(folder, '/')) == NULL || slash == folder)
		return (-1);
	*slash = '\0';
	mask = umask(022);
	result = mkdir(folder, 0755);
	umask(mask);
	return (result);
}

/* -1: errno says why. A stale socket of a daemon that is gone is removed. */
static int
control_bind(struct control *control, const char *path)
{
	mode_t mask;
	int result;

	if (strlen(path) >= sizeof(control->address.sun_path)) {
		errno = ENAMETOOLONG;
		return (-1);
	}
	control->address.sun_family = AF_UNIX;
	strcpy(control->address.sun_path, path);
	control->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK |
	    SOCK_CLOEXEC, 0);
	if (control->fd < 0)
		return (-1);
	if (connect(control->fd, (struct sockaddr *)&control->address,
	    sizeof(control->address)) == 0) {
		errno = EADDRINUSE;
		return (-1);
	}
	if (errno == ECONNREFUSED)
		unlink(path);
	mask = umask(0177);
	result = bind(control->fd, (struct sockaddr *)&control->address,
	    sizeof(control->address));
	if (result != 0 && errno == ENOENT && control_make_folder(path) == 0)
		result = bind(control->fd,
		    (struct sockaddr *)&control->address,
		    sizeof(control->address));
	umask(mask);
	return (result == 0 ? listen(control->fd, CONTROL_CLIENTS_MAX) : -1);
}

struct control *
control_create(struct event_base *base, const struct settings *settings,
    uint64_t started_at)
{
	struct control *control;

	if ((control = calloc(1, sizeof(*control))) == NULL)
		return (NULL);
	control->base = base;
	control->settings = settings;
	control->started_at = started_at;
	control->fd = -1;
	list_init(&control->clients);
	if (control_bind(control, settings->control) != 0) {
		log_write(HG_LOG_ERROR, NULL, "control socket %s: %s",
		    settings->control, strerror(errno));
		if (control->fd >= 0)
			close(control->fd);
		free(control);
		return (NULL);
	}
	control->accept = event_new(base, control->fd, EV_READ | EV_PERSIST,
	    control_accept, control);
	if (control->accept == NULL || event_add(control->accept, NULL) != 0) {
		control_destroy(control);
		return (NULL);
	}
	return (control);
}

void
control_destroy(struct control *control)
{
	if (control == NULL)
		return;
	while (!list_empty(&control->clients))
		control_client_free(list_entry(control->clients.next,
		    struct control_client, node));
	if (control->accept != NULL)
		event_free(control->accept);
	close(control->fd);
	unlink(control->address.sun_path);
	free(control);
}
