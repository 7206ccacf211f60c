/* SPDX-License-Identifier: Apache-2.0 */
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/daemon.h"

#define ANSWER_MAX	(4 * 1024 * 1024)
#define START_MS	20000

static char dir[64];

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return (remove(path));
}

static void
remove_dir(void)
{
	nftw(dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

const char *
bench_dir(void)
{
	if (dir[0] != '\0')
		return (dir);
	umask(077);
	strcpy(dir, "/tmp/headgate-bench-XXXXXX");
	if (mkdtemp(dir) == NULL)
		bench_die("cannot make %s", dir);
	atexit(remove_dir);
	return (dir);
}

static const char *
from_env(const char *name, const char *otherwise)
{
	const char *value = getenv(name);

	return (value != NULL && value[0] != '\0' ? value : otherwise);
}

static void
write_config(const struct daemon *d, const char *path, const char *config)
{
	FILE *file;

	if ((file = fopen(path, "w")) == NULL)
		bench_die("cannot write %s", path);
	fprintf(file, "[headgate]\ncontrol = %s\ndrain-time = 0\n%s",
	    d->control, config);
	if (fclose(file) != 0)
		bench_die("cannot write %s", path);
}

static void
run(const char *path, int log)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);	/* no daemon outlives us */
	dup2(log, STDERR_FILENO);
	execl(from_env("HEADGATE", "core/headgate"), "headgate",
	    "--plugin-dir", from_env("HEADGATE_PLUGIN_DIR", "plugins/all"),
	    "-c", path, (char *)NULL);
	_exit(127);
}

/* One line of its log; true when it is ready. */
static bool
read_line(struct daemon *d, char *line)
{
	char *at;

	at = strstr(line, "listening on 127.0.0.1:");
	if (at != NULL && d->port_count < 4)
		d->ports[d->port_count++] = atoi(strrchr(at, ':') + 1);
	return (strstr(line, " ready") != NULL);
}

static void
await_ready(struct daemon *d)
{
	char line[1024];
	size_t len = 0;
	struct pollfd p = { .fd = d->log, .events = POLLIN };

	for (;;) {
		if (poll(&p, 1, START_MS) <= 0 ||
		    read(d->log, line + len, 1) != 1)
			bench_die("%s does not start: %.*s", d->name,
			    (int)len, line);
		if (line[len] != '\n') {
			len += len + 1 < sizeof(line);
			continue;
		}
		line[len] = '\0';
		len = 0;
		if (read_line(d, line))
			return;
	}
}

void
daemon_start(struct daemon *d, const char *name, const char *config)
{
	char path[300];
	int fds[2];

	memset(d, 0, sizeof(*d));
	snprintf(d->name, sizeof(d->name), "%s", name);
	snprintf(d->control, sizeof(d->control), "%s/%s.sock", bench_dir(),
	    name);
	snprintf(path, sizeof(path), "%s/%s.ini", bench_dir(), name);
	write_config(d, path, config);
	if (pipe(fds) != 0 || (d->pid = fork()) < 0)
		bench_die("cannot start %s", name);
	if (d->pid == 0)
		run(path, fds[1]);
	close(fds[1]);
	d->log = fds[0];
	await_ready(d);
}

void
daemon_stop(struct daemon *d)
{
	int status;

	kill(d->pid, SIGTERM);
	waitpid(d->pid, &status, 0);
	close(d->log);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		bench_die("%s ended with status %#x", d->name, status);
}

/* The table as text, for free(). */
static char *
ask(const struct daemon *d, const char *table)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	char *answer = malloc(ANSWER_MAX);
	size_t len = 0;
	ssize_t n;
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(to.sun_path, sizeof(to.sun_path), "%s", d->control);
	if (answer == NULL || fd < 0 ||
	    connect(fd, (struct sockaddr *)&to, sizeof(to)) != 0)
		bench_die("cannot ask %s", d->name);
	dprintf(fd, "%s\n", table);
	while ((n = read(fd, answer + len, ANSWER_MAX - 1 - len)) > 0)
		len += (size_t)n;
	close(fd);
	answer[len] = '\0';
	return (answer);
}

uint64_t
daemon_counter(const struct daemon *d, const char *plugin, const char *counter)
{
	char *answer = ask(d, "counters"), *line, *save;
	char words[2][64];
	unsigned long long value, found = 0;

	for (line = strtok_r(answer, "\n", &save); line != NULL;
	    line = strtok_r(NULL, "\n", &save))
		if (sscanf(line, "%63s %63s %llu", words[0], words[1],
		    &value) == 3 && strcmp(words[0], plugin) == 0 &&
		    strcmp(words[1], counter) == 0)
			found = value;
	free(answer);
	return (found);
}

/* The words of a line that stand below those of the first line. */
static void
take_column(const char *head, const char *line, const char *column, char *out,
    size_t size)
{
	const char *at = strstr(head, column);
	size_t len;

	out[0] = '\0';
	if (at == NULL || (size_t)(at - head) >= strlen(line))
		return;
	line += at - head;
	len = strcspn(line, " ");
	snprintf(out, size, "%.*s", (int)len, line);
}

uint64_t
daemon_connections(const struct daemon *d, const char *kind,
    const char *column)
{
	char *answer = ask(d, "connections"), *line, *save, *head;
	char word[64];
	uint64_t sum = 0;

	head = strtok_r(answer, "\n", &save);
	while (head != NULL &&
	    (line = strtok_r(NULL, "\n", &save)) != NULL) {
		take_column(head, line, "kind", word, sizeof(word));
		if (strcmp(word, kind) != 0)
			continue;
		take_column(head, line, column, word, sizeof(word));
		sum += strtoull(word, NULL, 10);
	}
	free(answer);
	return (sum);
}

double
daemon_cpu(const struct daemon *d)
{
	char path[64], text[1024], *at;
	unsigned long long user = 0, sys = 0;
	FILE *file;
	size_t n;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)d->pid);
	if ((file = fopen(path, "r")) == NULL)
		bench_die("%s is gone", d->name);
	n = fread(text, 1, sizeof(text) - 1, file);
	fclose(file);
	text[n] = '\0';
	if ((at = strrchr(text, ')')) == NULL || sscanf(at + 2,
	    "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu", &user,
	    &sys) != 2)
		bench_die("cannot read %s", path);
	return ((double)(user + sys) / (double)sysconf(_SC_CLK_TCK));
}
