/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cmd/selection.h"

#include <errno.h>

#include "base/user.h"

bool selection_given(const struct program *program)
{
	return program->given[SELECTION_SINCE] || program->given[SELECTION_UNTIL] || program->given[SELECTION_BY] || program->given[SELECTION_LAST];
}

enum exit_status selection_parse(struct program *program, struct ferry_history_filter *ret, char ***ret_addresses)
{
	struct ferry_history_filter filter = { .size = sizeof(filter), .by = program->given[SELECTION_BY] };
	enum exit_status status = program_time(program, program->given[SELECTION_SINCE], &filter.since);

	if (status == EXIT_DONE)
		status = program_time(program, program->given[SELECTION_UNTIL], &filter.until);
	if (status == EXIT_DONE && program->given[SELECTION_LAST])
		status = program_number(program, "-n", program->given[SELECTION_LAST], &filter.last);
	if (status == EXIT_DONE)
		status = program_addresses(program, ret_addresses);
	if (status != EXIT_DONE)
		return status;
	filter.addresses = (const char *const *)*ret_addresses;
	*ret = filter;
	return EXIT_DONE;
}

void selection_advise(const struct program *program)
{
	const char *by = program->given[SELECTION_BY];
	uint32_t number;

	if (by && user_number(by, &number) == 0)
		program_say(program, "no program and no control group is called %s; for what that user did: --by uid=%s", by, by);
}

/* What is wrong with the question is wrong with --by: the rest was checked before. */
void selection_failed(struct program *program, int error)
{
	if (error == -EINVAL)
		program_fail(program, EXIT_USAGE, error, "--by: %s", ferry_error(program->ferry));
	else
		program_failed(program, error);
}
