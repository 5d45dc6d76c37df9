/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Arguments of system calls: the table against the kernel that runs, events to values, words. */
#include <errno.h>
#include <fcntl.h>
#include <linux/btf.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#include "crossing/call.h"
#include "crossing/structures.h"
#include "crossing/syscalls.h"
#include "crossing/tracer.h"
#include "wire/libbpf.h"
#include "wire/tracefs.h"

struct event {
	struct trace_call call;
	char data[8192];
	size_t length;
	uint8_t message; /* of the chunks to come */
};

static struct event event_of(unsigned int number, int64_t result, unsigned int count, const uint64_t *arguments)
{
	struct event event = { .call = { .event = { .type = TRACE_CALL, .call = (uint16_t)number, .count = TRACE_ARGUMENTS }, .result = result } };

	memcpy(event.call.arguments, arguments, count * sizeof(*arguments));
	return event;
}

static void add_chunk(struct event *event, unsigned int argument, unsigned int kind, const void *data, size_t length, size_t total, int error)
{
	const struct trace_chunk chunk = { (uint16_t)argument, (uint8_t)kind, event->message, (uint32_t)length, (uint32_t)total, error };

	memcpy(event->data + event->length, &chunk, sizeof(chunk));
	memcpy(event->data + event->length + sizeof(chunk), data, length);
	event->length += sizeof(chunk) + ((length + 7) & ~(size_t)7);
}

static size_t size_of(const struct event *event)
{
	return sizeof(event->call) + event->length;
}

/* The arguments of a call as text. */
static void assert_shown(const char *name, const struct event *event, const char *arguments, const char *memory)
{
	_cleanup_arena_ struct arena arena = { 0 };
	_cleanup_buffer_ struct buffer text = { 0 };
	struct call call;

	assert_true(trace_event_check(&event->call.event, size_of(event)));
	assert_int_equal(call_decode(signature_find(name), &event->call, size_of(event), &arena, &call), 0);
	value_print(&text, &(struct value){ .type = VALUE_RECORD, .record = call.arguments }, NULL, NULL);
	assert_string_equal(text.data, arguments);
	buffer_clear(&text);
	value_print(&text, &(struct value){ .type = VALUE_RECORD, .record = call.memory }, NULL, NULL);
	assert_string_equal(text.data, memory);
}

static void test_numbers_and_words(void **state)
{
	const uint64_t open[] = { (uint32_t)AT_FDCWD, 0x1000, O_WRONLY | O_CREAT | O_CLOEXEC, 0644 };
	const uint64_t map[] = { 0, 4096, 0, 0x22, (uint64_t)-1, 0 }, lock[] = { 3, LOCK_UN };
	struct event event = event_of(SYS_openat, 3, 4, open);

	(void)state;
	add_chunk(&event, 1, TRACE_DATA, "/tmp/\x1b[31m", 9, 9, 0);
	assert_shown("openat", &event, "{dfd=AT_FDCWD, filename=\"/tmp/\\x1b[31\", flags=[O_WRONLY, O_CREAT, O_CLOEXEC], mode=0644}",
		     "{filename={read=9, of=9}}");
	event = event_of(SYS_mmap, 0x7f0000000000, 6, map);
	assert_shown("mmap", &event, "{addr=0x0, len=4096, prot=[PROT_NONE], flags=[MAP_PRIVATE, MAP_ANONYMOUS], fd=-1, off=0x0}", "{}");
	event = event_of(SYS_flock, 0, 2, lock);
	assert_shown("flock", &event, "{fd=3, cmd=[LOCK_UN]}", "{}");
}

static void test_memory_that_is_not_there(void **state)
{
	const uint64_t write[] = { 1, 0x5000, 832 };
	struct event event = event_of(SYS_write, 832, 3, write);

	(void)state;
	add_chunk(&event, 1, TRACE_DATA, "", 0, 832, -EFAULT);
	assert_shown("write", &event, "{fd=1, buf=0x5000, count=832}", "{buf={read=0, of=832, error=\"not resident\"}}");
	event = event_of(SYS_write, 832, 3, write);
	add_chunk(&event, 1, TRACE_DATA, "abc", 3, 832, 0);
	assert_shown("write", &event, "{fd=1, buf=abc, count=832}", "{buf={read=3, of=832}}");
	/* No chunk at all, as of a call that failed before anything was read. */
	event = event_of(SYS_write, -EBADF, 3, write);
	assert_shown("write", &event, "{fd=1, buf=0x5000, count=832}", "{}");
}

static void test_structs(void **state)
{
	const struct pollfd polls[2] = { { 3, POLLIN, POLLIN | POLLHUP }, { -1, 0, 0 } };
	const uint64_t poll[] = { 0x1000, 2, (uint64_t)-1 }, pipe[] = { 0x1000, O_CLOEXEC }, run[] = { 0, 0, 0 },
		       mask[] = { SIG_BLOCK, 0x1000, 0, 8 };
	const int32_t pair[2] = { 3, 4 };
	const uint64_t set = UINT64_C(1) << (SIGINT - 1) | UINT64_C(1) << (SIGCHLD - 1);
	struct event event = event_of(SYS_poll, 1, 3, poll);

	(void)state;
	add_chunk(&event, 0, TRACE_DATA, polls, sizeof(polls), sizeof(polls), 0);
	assert_shown("poll", &event,
		     "{ufds=[{fd=3, events=[POLLIN], revents=[POLLIN, POLLHUP]}, {fd=-1, events=[], revents=[]}], nfds=2, timeout_msecs=-1}",
		     "{ufds={read=16, of=16}}");
	event = event_of(SYS_pipe2, 0, 2, pipe);
	add_chunk(&event, 0, TRACE_DATA, pair, sizeof(pair), sizeof(pair), 0);
	assert_shown("pipe2", &event, "{fildes=[3, 4], flags=[O_CLOEXEC]}", "{fildes={read=8, of=8}}");
	event = event_of(SYS_execve, 0, 3, run);
	add_chunk(&event, 0, TRACE_DATA, "/bin/echo", 9, 9, 0);
	add_chunk(&event, 1, TRACE_DATA, "echo\0a b\0\0", 10, 10, 0);
	assert_shown("execve", &event, "{filename=/bin/echo, argv=[echo, \"a b\", \"\"], envp=0x0}",
		     "{filename={read=9, of=9}, argv={read=10, of=10}}");
	event = event_of(SYS_rt_sigprocmask, 0, 4, mask);
	add_chunk(&event, 1, TRACE_DATA, &set, sizeof(set), sizeof(set), 0);
	assert_shown("rt_sigprocmask", &event, "{how=SIG_BLOCK, nset=[SIGINT, SIGCHLD], oset=null, sigsetsize=8}", "{nset={read=8, of=8}}");
}

static void test_message(void **state)
{
	const struct sockaddr_storage netlink = { .ss_family = AF_NETLINK };
	const uint64_t send[] = { 3, 0x1000, 0 };
	struct event event = event_of(SYS_sendmsg, 6, 3, send);

	(void)state;
	add_chunk(&event, 1, TRACE_PEER, &netlink, 12, 12, 0);
	add_chunk(&event, 1, TRACE_DATA, "abc", 3, 3, 0);
	add_chunk(&event, 1, TRACE_DATA, "def", 3, 3, 0);
	assert_shown("sendmsg", &event, "{fd=3, msg={name={family=AF_NETLINK, pid=0, groups=0x0}, data=abcdef}, flags=[]}", "{msg={read=6, of=6}}");
}

/* sendmmsg(2) and recvmmsg(2): each message by itself. */
static void test_messages(void **state)
{
	const struct sockaddr_storage netlink = { .ss_family = AF_NETLINK };
	const uint64_t receive[] = { 3, 0x1000, 8, 0, 0 };
	struct event event = event_of(SYS_recvmmsg, 2, 5, receive);
	const uint32_t lengths[] = { 6, 900 };

	(void)state;
	add_chunk(&event, 1, TRACE_LENGTH, &lengths[0], 4, 4, 0);
	add_chunk(&event, 1, TRACE_PEER, &netlink, 12, 12, 0);
	add_chunk(&event, 1, TRACE_DATA, "abc", 3, 3, 0);
	add_chunk(&event, 1, TRACE_DATA, "def", 3, 3, 0);
	event.message = 1;
	add_chunk(&event, 1, TRACE_LENGTH, &lengths[1], 4, 4, 0);
	add_chunk(&event, 1, TRACE_DATA, "ghi", 3, 900, 0);
	assert_shown("recvmmsg", &event,
		     "{fd=3, mmsg=[{name={family=AF_NETLINK, pid=0, groups=0x0}, data=abcdef}, {data=ghi}], vlen=8, flags=[], timeout=null}",
		     "{mmsg={read=9, of=906, messages=2}}");
	/* None came. */
	event = event_of(SYS_recvmmsg, -EAGAIN, 5, receive);
	assert_shown("recvmmsg", &event, "{fd=3, mmsg=0x1000, vlen=8, flags=[], timeout=null}", "{}");
}

/* A 32-bit call: texts and bytes are what they are, a struct has another layout and is left a pointer. */
static void test_compat(void **state)
{
	const uint64_t open[] = { 0x1000, 0, 0 }, send[] = { 3, 0x1000, 0 };
	struct event event = event_of(5, -ENOENT, 3, open);

	(void)state;
	event.call.event.flags = TRACE_COMPAT;
	add_chunk(&event, 0, TRACE_DATA, "/no/such/file", 13, 13, 0);
	assert_shown("open", &event, "{filename=/no/such/file, flags=[O_RDONLY], mode=0}", "{filename={read=13, of=13}}");
	event = event_of(370, 6, 3, send);
	event.call.event.flags = TRACE_COMPAT;
	assert_shown("sendmsg", &event, "{fd=3, msg=0x1000, flags=[]}", "{}");
}

/* Two descriptors, of which each may be a channel's; and what a knob was given past the program. */
static void test_carried(void **state)
{
	const uint64_t send[] = { 4, 3, 0, 2 };
	const struct trace_file source = { .inode = 7, .channel = TRACE_SYSFS, .path_length = 4 }, sink = { .inode = 9, .channel = TRACE_PROCFS };
	char told[sizeof(source) + 4];
	_cleanup_arena_ struct arena arena = { 0 };
	struct event event = event_of(SYS_sendfile, 2, 4, send);
	struct trace_shape shape;
	struct call call;

	(void)state;
	signature_shape(signature_find("sendfile"), &shape);
	assert_int_equal(shape.descriptor, 1);
	assert_int_equal(shape.other, 2);
	assert_true(shape.flags & TRACE_SHAPE_TALKS);
	memcpy(told, &source, sizeof(source));
	memcpy(told + sizeof(source), "mtu", 4);
	add_chunk(&event, 0, TRACE_FILE, &sink, sizeof(sink), sizeof(sink), 0);
	add_chunk(&event, 1, TRACE_FILE, told, sizeof(told), sizeof(told), 0);
	add_chunk(&event, 0, TRACE_BEFORE, "0", 1, 1, 0);
	add_chunk(&event, 0, TRACE_WRITTEN, "1\n", 2, 2, 0);
	add_chunk(&event, 2, TRACE_FILE, told, sizeof(source) - 1, sizeof(source), 0);
	assert_true(trace_event_check(&event.call.event, size_of(&event)));
	assert_int_equal(call_decode(signature_find("sendfile"), &event.call, size_of(&event), &arena, &call), 0);
	assert_memory_equal(call.before, "0", call.before_length);
	assert_int_equal(call.content.length, 2);
	assert_memory_equal(call.content.data, "1\n", 2);
	assert_true(call_choose_file(&event.call, size_of(&event), 0, &call));
	assert_int_equal(call.file.inode, 9);
	assert_int_equal(call.path_length, 0);
	assert_true(call_choose_file(&event.call, size_of(&event), 1, &call));
	assert_int_equal(call.file.inode, 7);
	assert_string_equal(call.path_parts, "mtu");
	/* One that is cut short, and none. */
	assert_false(call_choose_file(&event.call, size_of(&event), 2, &call));
	assert_false(call_choose_file(&event.call, size_of(&event), 3, &call));
	assert_int_equal(call.file.inode, 7);
}

static void test_malformed_events(void **state)
{
	const uint64_t none[6] = { 0 };
	struct event event = event_of(SYS_write, 0, 6, none);

	(void)state;
	for (size_t length = 0; length < sizeof(struct trace_call); length++)
		assert_false(trace_event_check(&event.call.event, length));
	assert_true(trace_event_check(&event.call.event, sizeof(struct trace_call)));
	add_chunk(&event, 1, TRACE_DATA, "abc", 3, 3, 0);
	assert_true(trace_event_check(&event.call.event, size_of(&event)));
	assert_false(trace_event_check(&event.call.event, size_of(&event) - 1));
	((struct trace_chunk *)event.data)->length = 4096;
	assert_false(trace_event_check(&event.call.event, size_of(&event)));
	((struct trace_chunk *)event.data)->length = 3;
	((struct trace_chunk *)event.data)->argument = TRACE_ARGUMENTS;
	assert_false(trace_event_check(&event.call.event, size_of(&event)));
	event.call.event.type = TRACE_TYPE_COUNT;
	assert_false(trace_event_check(&event.call.event, size_of(&event)));
}

static void test_signature(void **state)
{
	static const char text[] =
		"name: sys_enter_x\nformat:\n\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n"
		"\tfield:int __syscall_nr;\toffset:8;\tsize:4;\tsigned:1;\n\tfield:int dfd;\toffset:16;\tsize:8;\tsigned:0;\n"
		"\tfield:const char * filename;\toffset:24;\tsize:8;\tsigned:0;\n\tfield:umode_t mode;\toffset:32;\tsize:8;\tsigned:0;\n"
		"\tfield:struct stat * buffer;\toffset:40;\tsize:8;\tsigned:0;\n\nprint fmt: \"dfd: 0x%08lx\"\n";
	_cleanup_arena_ struct arena arena = { 0 };
	struct signature signature = { .name = "x" };
	struct trace_shape shape;

	(void)state;
	assert_int_equal(signature_parse(text, sizeof(text) - 1, &arena, &signature), 0);
	assert_int_equal(signature.count, 4);
	assert_string_equal(signature.arguments[0].field.name, "dfd");
	assert_int_equal(signature.arguments[0].field.kind, FIELD_S32);
	assert_int_equal(signature.arguments[1].kind, ARGUMENT_TEXT);
	assert_int_equal(signature.arguments[2].field.flags, FIELD_OCTAL);
	assert_int_equal(signature.arguments[3].field.flags, FIELD_HEX);
	signature_shape(&signature, &shape);
	assert_int_equal(shape.copies[1].kind, TRACE_COPY_TEXT);
	assert_int_equal(signature_parse("\tfield:x", 8, &arena, &signature), -EBADMSG);
	assert_int_equal(signature_parse("\tfield:;", 8, &arena, &signature), -EBADMSG);
}

/* The kernel's names, and as many of them, as the table has. */
static void test_table_is_the_kernels(void **state)
{
	_cleanup_close_ int tracefs = tracefs_open();
	const struct signature *own;
	unsigned int compared = 0;

	(void)state;
	if (tracefs < 0)
		skip();
	for (unsigned int i = 0; (own = signature_at(i)); i++) {
		_cleanup_arena_ struct arena arena = { 0 };
		_cleanup_close_ int file = -1;
		struct signature kernel = { 0 };
		char path[96], text[8192];
		ssize_t length;

		assert_non_null(system_call_named(own->name));
		snprintf(path, sizeof(path), "events/syscalls/sys_enter_%s/format", signature_function(own->name));
		file = openat(tracefs, path, O_RDONLY | O_CLOEXEC);
		length = file < 0 ? -1 : read(file, text, sizeof(text));
		/* x86 builds these without metadata. */
		if (length <= 0)
			continue;
		assert_int_equal(signature_parse(text, (size_t)length, &arena, &kernel), 0);
		if (kernel.count != own->count)
			fail_msg("%s: the kernel has %u arguments, the table %u", own->name, kernel.count, own->count);
		for (unsigned int j = 0; j < own->count; j++)
			if (strcmp(own->arguments[j].field.name, kernel.arguments[j].field.name) != 0)
				fail_msg("%s: argument %u is %s to the kernel, %s to the table", own->name, j, kernel.arguments[j].field.name,
					 own->arguments[j].field.name);
		compared++;
	}
	assert_true(compared >= 120);
}

/* Operations of io_uring, by the types of the kernel that runs. */
static void test_operations_are_the_kernels(void **state)
{
	static const char prefix[] = "IORING_OP_";
	struct error error = { 0 };
	struct btf *btf = libbpf_load(&error) < 0 ? NULL : libbpf.btf__load_vmlinux_btf();
	const int id = btf ? libbpf.btf__find_by_name_kind(btf, "io_uring_op", BTF_KIND_ENUM) : -1;
	const struct btf_type *type = id < 0 ? NULL : libbpf.btf__type_by_id(btf, (uint32_t)id);
	unsigned int compared = 0;

	(void)state;
	for (unsigned int i = 0; type && i < BTF_INFO_VLEN(type->info); i++) {
		const struct btf_enum *member = (const struct btf_enum *)(type + 1) + i;
		const char *name = libbpf.btf__name_by_offset(btf, member->name_off) + strlen(prefix);

		if (strcmp(name, "LAST") == 0)
			continue;
		if (!operation_name((uint32_t)member->val))
			fail_msg("the kernel has operation %s, which operations.def lacks", name);
		assert_string_equal(operation_name((uint32_t)member->val), name);
		compared++;
	}
	if (btf)
		libbpf.btf__free(btf);
	if (!compared)
		skip();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers_and_words),
		cmocka_unit_test(test_memory_that_is_not_there),
		cmocka_unit_test(test_structs),
		cmocka_unit_test(test_message),
		cmocka_unit_test(test_messages),
		cmocka_unit_test(test_compat),
		cmocka_unit_test(test_carried),
		cmocka_unit_test(test_malformed_events),
		cmocka_unit_test(test_signature),
		cmocka_unit_test(test_table_is_the_kernels),
		cmocka_unit_test(test_operations_are_the_kernels),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
