/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/proc.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bench/die.h"

#define TREE_MAX	1024

/* A process as /proc/PID/stat has it. */
struct stat_line {
	int			parent;
	unsigned long long	own, children;	/* clock ticks */
};

void
proc_list_parse(struct proc_list *l, const char *text)
{
	char *end;
	long pid;

	l->count = 0;
	for (; text != NULL && *text != '\0'; text = *end == ',' ? end + 1 :
	    end) {
		pid = strtol(text, &end, 10);
		if (end == text || (*end != ',' && *end != '\0') ||
		    l->count == PROC_MAX)
			bench_die("--pids: what is %s?", text);
		if (proc_pss((pid_t)pid) < 0)
			bench_die("--pids: there is no process %ld", pid);
		l->pids[l->count++] = (pid_t)pid;
	}
}

static bool
read_stat(pid_t pid, struct stat_line *s)
{
	unsigned long long user, sys, cuser, csys;
	char path[64], text[1024], *at;
	FILE *file;
	size_t n;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	if ((file = fopen(path, "r")) == NULL)
		return (false);
	n = fread(text, 1, sizeof(text) - 1, file);
	fclose(file);
	text[n] = '\0';
	if ((at = strrchr(text, ')')) == NULL || sscanf(at + 2,
	    "%*c %d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu %llu %llu",
	    &s->parent, &user, &sys, &cuser, &csys) != 5)
		return (false);
	s->own = user + sys;
	s->children = cuser + csys;
	return (true);
}

/*
 * The scheduler's own sum of a process, of all its threads and to the
 * nanosecond: what utime and stime are rounded from. (Those where the kernel
 * has no such clock.)
 */
static double
process_seconds(pid_t pid, const struct stat_line *s)
{
	double tick = 1.0 / (double)sysconf(_SC_CLK_TCK);
	double children = (double)s->children * tick;
	struct timespec t;
	clockid_t id;

	if (clock_getcpuclockid(pid, &id) == 0 && clock_gettime(id, &t) == 0)
		return ((double)t.tv_sec + (double)t.tv_nsec * 1e-9 +
		    children);
	return ((double)s->own * tick + children);
}

/* Every process with its parent. */
static int
read_all(pid_t *pids, struct stat_line *stats)
{
	DIR *dir = opendir("/proc");
	struct dirent *entry;
	int count = 0;

	if (dir == NULL)
		bench_die("there is no /proc");
	while (count < TREE_MAX && (entry = readdir(dir)) != NULL) {
		pids[count] = atoi(entry->d_name);
		if (pids[count] > 0 && read_stat(pids[count], &stats[count]))
			count++;
	}
	closedir(dir);
	return (count);
}

static double
tree_seconds(pid_t root, const pid_t *pids, const struct stat_line *stats,
    int count)
{
	double sum = 0;
	int i;

	for (i = 0; i < count; i++)
		if (pids[i] == root)
			sum += process_seconds(root, &stats[i]);
		else if (stats[i].parent == root)
			sum += tree_seconds(pids[i], pids, stats, count);
	return (sum);
}

double
proc_cpu(const struct proc_list *l)
{
	static pid_t pids[TREE_MAX];
	static struct stat_line stats[TREE_MAX];
	double sum = 0;
	int count, i;

	if (l->count == 0)
		return (0);
	count = read_all(pids, stats);
	for (i = 0; i < l->count; i++)
		sum += tree_seconds(l->pids[i], pids, stats, count);
	return (sum);
}

double
proc_cpu_own(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return ((double)t.tv_sec + (double)t.tv_nsec * 1e-9);
}

long
proc_pss(pid_t pid)
{
	char path[64], line[256];
	long kib = -1;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", (int)pid);
	if ((file = fopen(path, "r")) == NULL)
		return (-1);
	while (kib < 0 && fgets(line, sizeof(line), file) != NULL)
		sscanf(line, "Pss: %ld", &kib);
	fclose(file);
	return (kib);
}
