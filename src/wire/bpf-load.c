/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/bpf-load.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "wire/libbpf.h"

/* include/uapi/linux/nsfs.h of the kernel. */
#define INITIAL_USER_NAMESPACE 0xEFFFFFFDu

bool bpf_capable(unsigned int capability)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {};

	if (syscall(SYS_capget, &header, data) < 0)
		return false;
	return data[capability / 32].effective >> capability % 32 & 1;
}

bool bpf_own_user_namespace(void)
{
	struct stat status;

	return stat("/proc/self/ns/user", &status) == 0 && status.st_ino != INITIAL_USER_NAMESPACE;
}

const char *bpf_missing_capability(void)
{
	if (bpf_own_user_namespace())
		return "needs CAP_BPF outside of this user namespace";
	if (bpf_capable(CAP_SYS_ADMIN))
		return NULL;
	if (!bpf_capable(CAP_BPF))
		return "needs CAP_BPF";
	return bpf_capable(CAP_PERFMON) ? NULL : "needs CAP_PERFMON";
}

/* "none [integrity] confidentiality". Where securityfs is not mounted it is not known, and the kernel's refusal is what is told. */
static bool is_locked_down(void)
{
	_cleanup_close_ int descriptor = open("/sys/kernel/security/lockdown", O_RDONLY | O_CLOEXEC);
	char text[64];
	ssize_t length = descriptor < 0 ? -1 : read(descriptor, text, sizeof(text) - 1);

	if (length < 0)
		return false;
	text[length] = '\0';
	return strstr(text, "[confidentiality]");
}

const char *bpf_hindrance(void)
{
	const char *missing = bpf_missing_capability();

	if (missing)
		return missing;
	return is_locked_down() ? "the kernel's lockdown (confidentiality) keeps its memory from BPF programs" : NULL;
}

struct btf *bpf_kernel_types(struct error *error)
{
	struct btf *btf = libbpf.btf__load_vmlinux_btf();

	if (!btf)
		error_set(error, -EOPNOTSUPP,
			  "the kernel does not tell its types (/sys/kernel/btf/vmlinux: %s), which BPF programs are fitted by; it must be built with "
			  "CONFIG_DEBUG_INFO_BTF",
			  error_text(errno));
	return btf;
}

/* The prototype behind a tracepoint, NULL where there is none. */
static const struct btf_type *tracepoint_prototype(const struct btf *btf, const char *name)
{
	char typedef_name[96];
	const struct btf_type *type;
	int id;

	snprintf(typedef_name, sizeof(typedef_name), "btf_trace_%s", name);
	id = libbpf.btf__find_by_name_kind(btf, typedef_name, BTF_KIND_TYPEDEF);
	type = id < 0 ? NULL : libbpf.btf__type_by_id(btf, (__u32)id);
	/* typedef void (*btf_trace_NAME)(void *, ...): its arguments come behind the first */
	if (type)
		type = libbpf.btf__type_by_id(btf, type->type);
	if (type && btf_is_ptr(type))
		type = libbpf.btf__type_by_id(btf, type->type);
	return type && btf_is_func_proto(type) ? type : NULL;
}

bool bpf_has_tracepoint(const struct btf *btf, const char *name, unsigned int arguments)
{
	const struct btf_type *prototype = tracepoint_prototype(btf, name);

	return prototype && btf_vlen(prototype) > arguments;
}

bool bpf_tracepoint_takes(const struct btf *btf, const char *name, unsigned int argument, const char *structure)
{
	const struct btf_type *prototype = tracepoint_prototype(btf, name), *type;

	if (!prototype || btf_vlen(prototype) <= argument + 1)
		return false;
	type = libbpf.btf__type_by_id(btf, btf_params(prototype)[argument + 1].type);
	if (!type || !btf_is_ptr(type))
		return false;
	type = libbpf.btf__type_by_id(btf, type->type);
	while (type && btf_is_mod(type))
		type = libbpf.btf__type_by_id(btf, type->type);
	return type && btf_is_struct(type) && strcmp(libbpf.btf__name_by_offset(btf, type->name_off), structure) == 0;
}

const struct btf_type *bpf_prototype(const struct btf *btf, const char *name)
{
	int id = libbpf.btf__find_by_name_kind(btf, name, BTF_KIND_FUNC);
	const struct btf_type *type = id < 0 ? NULL : libbpf.btf__type_by_id(btf, (__u32)id);

	type = type ? libbpf.btf__type_by_id(btf, type->type) : NULL;
	return type && btf_is_func_proto(type) ? type : NULL;
}

uint64_t bpf_missed(const struct bpf_object *object)
{
	struct bpf_program *program = NULL;
	uint64_t missed = 0;

	while ((program = libbpf.bpf_object__next_program(object, program))) {
		struct bpf_prog_info info = { 0 };
		uint32_t length = sizeof(info);

		if (libbpf.bpf_program__fd(program) >= 0 && libbpf.bpf_obj_get_info_by_fd(libbpf.bpf_program__fd(program), &info, &length) == 0)
			missed += info.recursion_misses;
	}
	return missed;
}

void bpf_cleanup_btf(struct btf **btf)
{
	if (*btf)
		libbpf.btf__free(*btf);
}

bool bpf_has_helper(const struct btf *btf, const char *name)
{
	const int id = libbpf.btf__find_by_name_kind(btf, "bpf_func_id", BTF_KIND_ENUM);
	const struct btf_type *type = id < 0 ? NULL : libbpf.btf__type_by_id(btf, (__u32)id);

	for (unsigned int i = 0; type && i < btf_vlen(type); i++)
		if (strcmp(libbpf.btf__name_by_offset(btf, btf_enum(type)[i].name_off), name) == 0)
			return true;
	return false;
}

bool bpf_takes_registers(unsigned int type)
{
	const struct bpf_insn instructions[] = {
		{ .code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_get_current_task_btf },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = BPF_REG_1, .src_reg = BPF_REG_0 },
		{ .code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_task_pt_regs },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	const int program = libbpf.bpf_prog_load(type, "ferry_try", "Dual BSD/GPL", instructions, sizeof(instructions) / sizeof(*instructions), NULL);

	if (program >= 0)
		close(program);
	return program >= 0;
}

int bpf_processors(struct error *error)
{
	const int processors = libbpf.libbpf_num_possible_cpus();

	if (processors > 0)
		return processors;
	return error_set(error, -EIO, "cannot count the processors (/sys/devices/system/cpu/possible): %s",
			 error_text(processors ? processors : -EIO));
}

/* One load at a time and thread: libbpf's words go through a function without data. */
static __thread char first_words[192];
static __thread libbpf_print_fn_t print_before;

static int keep_words(enum libbpf_print_level level, const char *format, va_list arguments)
{
	char text[512];
	size_t length;

	if (level != LIBBPF_WARN || first_words[0])
		return 0;
	vsnprintf(text, sizeof(text), format, arguments);
	length = strcspn(text, "\n");
	if (length >= sizeof(first_words))
		length = sizeof(first_words) - 1;
	memcpy(first_words, text, length);
	first_words[length] = 0;
	return 0;
}

void bpf_words_catch(void)
{
	libbpf_print_fn_t before = libbpf.libbpf_set_print(keep_words);

	if (before != keep_words)
		print_before = before;
	first_words[0] = 0;
}

const char *bpf_words(void)
{
	return first_words;
}

void bpf_words_release(void)
{
	libbpf.libbpf_set_print(print_before);
}
