/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The least that a BPF program at a tracepoint can cost: one that is empty.
 *
 *	floor TRACEPOINT... -- COMMAND [ARGUMENT...]   runs COMMAND while an empty program is attached to each TRACEPOINT */
#include <linux/bpf.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static int load(void)
{
	static const struct bpf_insn nothing[] = { { .code = BPF_ALU64 | BPF_MOV | BPF_K }, { .code = BPF_JMP | BPF_EXIT } };
	union bpf_attr attributes = {
		.prog_type = BPF_PROG_TYPE_RAW_TRACEPOINT,
		.insns = (uintptr_t)nothing,
		.insn_cnt = sizeof(nothing) / sizeof(nothing[0]),
		.license = (uintptr_t) "Dual BSD/GPL",
	};

	return (int)syscall(SYS_bpf, BPF_PROG_LOAD, &attributes, sizeof(attributes));
}

static int attach(const char *tracepoint)
{
	union bpf_attr attributes;
	int program = load();

	if (program < 0)
		return -1;
	memset(&attributes, 0, sizeof(attributes));
	attributes.raw_tracepoint.name = (uintptr_t)tracepoint;
	attributes.raw_tracepoint.prog_fd = (uint32_t)program;
	return (int)syscall(SYS_bpf, BPF_RAW_TRACEPOINT_OPEN, &attributes, sizeof(attributes));
}

int main(int argument_count, char **arguments)
{
	int i, status;
	pid_t pid;

	for (i = 1; i < argument_count && strcmp(arguments[i], "--") != 0; i++)
		if (attach(arguments[i]) < 0) {
			perror(arguments[i]);
			return 1;
		}
	if (i + 1 >= argument_count) {
		fprintf(stderr, "usage: floor TRACEPOINT... -- COMMAND [ARGUMENT...]\n");
		return 2;
	}
	pid = fork();
	if (pid == 0) {
		execvp(arguments[i + 1], arguments + i + 1);
		_exit(127);
	}
	return pid < 0 || waitpid(pid, &status, 0) < 0 || status != 0;
}
