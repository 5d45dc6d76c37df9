/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cmd/selection.h"

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
