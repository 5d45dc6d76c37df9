/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Learning, and keeping what was learned. */
#include <errno.h>

#include "channel/learn.h"
#include "channel/learned-file.h"
#include "lib/context.h"

struct telling {
	ferry_learned_function *function;
	void *data;
};

static int tell(void *data, const struct learn_report *report)
{
	const struct telling *telling = data;
	const struct ferry_learned learned = {
		.family = report->family,
		.commands = report->commands,
		.commands_named = report->commands_named,
		.attributes = report->attributes,
		.typed = report->typed,
		.tried = report->tried,
		.why = report->why,
	};

	return telling->function ? telling->function(telling->data, &learned) : 0;
}

/* What was kept before stays but for the families that were learned anew. What is not believed is replaced. */
static int keep(struct ferry *ferry, const struct learned *learned, char **ret_path)
{
	_cleanup_learned_ struct learned older = { 0 };
	_cleanup_buffer_ struct buffer text = { 0 };
	char build[BUILD_ID_TEXT];
	int r = learned_build_id(build);

	if (r < 0)
		return error_set(&ferry->error, r, "the kernel tells no build id in /sys/kernel/notes, by which what is learned is kept");
	if (learned_load(&older, NULL) < 0)
		older = (struct learned){ 0 };
	learned_print(&text, learned, &older, build);
	if (text.failed)
		return error_set(&ferry->error, -ENOMEM, "no memory for what was learned");
	return learned_save(&text, ret_path, &ferry->error);
}

int ferry_learn(struct ferry *ferry, const char *const *families, ferry_learned_function *function, void *data, char **ret_path)
{
	_cleanup_learned_ struct learned learned = { 0 };
	struct telling telling = { function, data };
	_cleanup_free_ char *path = NULL;
	int r = learn_families(&ferry->machine, families, &learned, tell, &telling);

	if (r != 0)
		return r < 0 ? ferry_failed(ferry, r) : r;
	r = keep(ferry, &learned, &path);
	if (r < 0)
		return r;
	if (ret_path)
		*ret_path = TAKE_POINTER(path);
	return 0;
}
