// SPDX-License-Identifier: Apache-2.0
/*
 *   open  PATH     openat and close
 *   exec  PATH     run a program with two arguments and wait for its end
 *   tcp   ADDRESS  connect to a socket of its own, accept, close both ends; without TIME_WAIT, which would use up all ports
 *   dns   ADDRESS  ask a name server of its own, on port 53, and answer: one query and one answer
 *   file  PATH     write and read 100 bytes
 *   cpu   NAME     compute, for some tens of microseconds; the thread is called so
 */
#define _GNU_SOURCE
#include "work.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static char path[TARGET_SIZE];
/* The server's and the client's; or the one that is used. */
static int server = -1, client = -1;
static struct sockaddr_in address;

static void fail(const char *what)
{
	fprintf(stderr, "storm: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void close_both(void)
{
	if (server >= 0)
		close(server);
	if (client >= 0)
		close(client);
	server = client = -1;
}

static void keep_path(const char *target)
{
	snprintf(path, sizeof(path), "%s", target);
}

static int open_once(void)
{
	int fd = openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -1;
	return close(fd);
}

static int exec_once(void)
{
	char *const arguments[] = { path, "--first", "second", NULL };
	int status = 0;
	/* As a shell does, where it can: the parent's memory is not copied. */
	pid_t pid = vfork();

	if (pid == 0) {
		execv(path, arguments);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		return -1;
	return status ? -1 : 0;
}

static void take_address(const char *target, int port)
{
	address = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons(port) };
	if (inet_pton(AF_INET, target, &address.sin_addr) != 1)
		fail(target);
}

static void bind_server(int type)
{
	socklen_t size = sizeof(address);

	server = socket(AF_INET, type | SOCK_CLOEXEC, 0);
	if (server < 0 || bind(server, (struct sockaddr *)&address, sizeof(address)) ||
	    getsockname(server, (struct sockaddr *)&address, &size))
		fail("a server's socket");
}

static void tcp_begin(const char *target)
{
	close_both();
	take_address(target, 0);
	bind_server(SOCK_STREAM);
	if (listen(server, 16))
		fail("listen");
}

static int tcp_once(void)
{
	const struct linger at_once = { .l_onoff = 1 };
	int from = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), to = -1;

	if (from >= 0 && !connect(from, (struct sockaddr *)&address, sizeof(address)))
		to = accept4(server, NULL, NULL, SOCK_CLOEXEC);
	if (to < 0) {
		close(from);
		return -1;
	}
	setsockopt(from, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	close(from);
	return close(to);
}

#define HEADER(flags, answers) "\x12\x34" flags "\0\1\0" answers "\0\0\0\0"
#define QUESTION "\5storm\7example\0\0\1\0\1"
static const char query[] = HEADER("\1\0", "\0");
static const char question[] = QUESTION;
static const char answer[] = HEADER("\x81\x80", "\1") QUESTION "\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\xc0\0\2\7";

static void dns_begin(const char *target)
{
	close_both();
	take_address(target, 53);
	bind_server(SOCK_DGRAM);
	client = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (client < 0 || connect(client, (struct sockaddr *)&address, sizeof(address)))
		fail("a client's socket");
}

static int dns_once(void)
{
	char message[sizeof(query) + sizeof(question)], received[512];
	struct sockaddr_in from;
	socklen_t size = sizeof(from);

	memcpy(message, query, sizeof(query) - 1);
	memcpy(message + sizeof(query) - 1, question, sizeof(question) - 1);
	if (send(client, message, sizeof(query) + sizeof(question) - 2, 0) < 0 ||
	    recvfrom(server, received, sizeof(received), 0, (struct sockaddr *)&from, &size) < 0 ||
	    sendto(server, answer, sizeof(answer) - 1, 0, (struct sockaddr *)&from, size) < 0)
		return -1;
	return recv(client, received, sizeof(received), 0) < 0 ? -1 : 0;
}

static void file_begin(const char *target)
{
	close_both();
	client = open(target, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (client < 0)
		fail(target);
}

static int file_once(void)
{
	char bytes[100] = {};

	if (pwrite(client, bytes, sizeof(bytes), 0) < 0)
		return -1;
	return pread(client, bytes, sizeof(bytes), 0) < 0 ? -1 : 0;
}

static void cpu_begin(const char *target)
{
	prctl(PR_SET_NAME, target);
}

/* A function of its own, so that a stack has something to show. */
static __attribute__((noinline)) unsigned long churn(unsigned long value)
{
	for (int i = 0; i < 50000; i++)
		value = value * 6364136223846793005UL + 1442695040888963407UL;
	return value;
}

static int cpu_once(void)
{
	static volatile unsigned long value;

	value = churn(value);
	return 0;
}

static const struct work works[] = {
	{ "open", keep_path, open_once, 64 }, { "exec", keep_path, exec_once, 1 },  { "tcp", tcp_begin, tcp_once, 16 },
	{ "dns", dns_begin, dns_once, 16 },   { "file", file_begin, file_once, 64 }, { "cpu", cpu_begin, cpu_once, 1 },
};

const struct work *find_work(const char *name)
{
	for (unsigned int i = 0; i < sizeof(works) / sizeof(works[0]); i++)
		if (!strcmp(works[i].name, name))
			return &works[i];
	return NULL;
}
