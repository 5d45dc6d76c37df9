/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What came about with what an undo has made anew: a veth's other end, which was removed by a change of its own. That change finds something there
 * that is not as it was, and may be taken back all the same: nobody but the undo has made it. */
#include <string.h>

#include "channel/channel.h"
#include "channel/object.h"
#include "lib/undo.h"

void undo_made_note(struct ferry *ferry, const struct ferry_change *change)
{
	const struct object *object = change->kind == FERRY_REMOVED ? channel_object(change->address) : NULL;
	const size_t parent = object ? (size_t)(strrchr(change->address, '/') + 1 - change->address) : 0;
	_cleanup_arena_ struct arena arena = { 0 };
	const size_t before = ferry->made.length;
	const struct naming *naming = &ferry->machine.naming;
	struct record *record;
	struct error error;

	if (!object || !object->makes_another || object_parse_json(object, change->before, NULL, naming, &arena, &record, &error) < 0)
		return;
	buffer_add(&ferry->made, change->address, parent);
	object->makes_another(record, naming, &ferry->made);
	if (ferry->made.length == before + parent)
		ferry->made.length = before;
	else
		buffer_add_char(&ferry->made, '\0');
}

bool undo_made(const struct ferry *ferry, const struct ferry_change *change)
{
	const char *address = ferry->made.data, *end = address + ferry->made.length;

	if (change->kind != FERRY_REMOVED || !change->address || ferry->made.failed)
		return false;
	for (; address < end; address += strlen(address) + 1)
		if (strcmp(address, change->address) == 0)
			return true;
	return false;
}
