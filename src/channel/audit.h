/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rules of the kernel's audit in words, as auditctl(8) has them. Sources: <linux/audit.h>, kernel/auditfilter.c, audit.rules(7). */
#ifndef FERRY_CHANNEL_AUDIT_H
#define FERRY_CHANNEL_AUDIT_H

#include <linux/audit.h>

#include "channel/object.h"

#define AUDIT_LIST_MASK 0x0f /* in flags of a rule: its list */

extern const struct names audit_lists, audit_actions, audit_fields, audit_operators, audit_architectures;

/* A condition of a rule: FIELD, an operator, VALUE; of a text it is the length. */
struct audit_condition {
	uint32_t field, operator, value;
	const char *text; /* NULL: VALUE is a number */
};

/* What it compares with. */
void audit_say_value(const struct audit_condition *condition, struct buffer *ret);
/* The whole rule, as "auditctl -l" prints it, of a record that has its parts. */
void audit_say_rule(const struct record *record, struct buffer *ret);

/* R as it is, with words where the audit tells nothing in this user namespace. */
int audit_refused(int r, struct error *error) _must_check_;

#endif
