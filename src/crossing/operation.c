/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "crossing/operation.h"

#include <stddef.h>

#include "wire/bpf-load.h"
#include "wire/libbpf.h"

/* Under either name it hands over the request, which the completion names too. Older kernels told the ring and the program's own number of the
 * operation instead, which any number of operations may have in common. */
static const char *beginning(const struct btf *btf)
{
	static const char *const names[] = { "io_uring_submit_req", "io_uring_submit_sqe" };

	for (unsigned int i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (bpf_tracepoint_takes(btf, names[i], 0, "io_kiocb"))
			return names[i];
	return NULL;
}

const char *operation_choose(const struct operation_parts *parts, const struct btf *btf)
{
	static const char end[] = "io_uring_complete";
	const char *begin = beginning(btf);
	bool by_value = bpf_has_tracepoint(btf, end, 5), by_entry = bpf_tracepoint_takes(btf, end, 2, "io_uring_cqe");

	*parts->completion_by_value = by_value;
	if (!begin)
		return "io_uring_submit_req";
	if (!by_value && !by_entry)
		return end;
	return libbpf.bpf_program__set_attach_target(parts->begins, 0, begin) < 0 ? begin : NULL;
}
