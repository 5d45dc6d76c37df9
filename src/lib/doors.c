/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One knob through all its doors: the addresses that tell it. */
#include <errno.h>
#include <string.h>

#include "channel/doors.h"
#include "channel/files.h"
#include "lib/context.h"
#include "model/address.h"

static enum ferry_door door_of(const char *address)
{
	static const struct {
		const char *channel;
		enum ferry_door door;
	} doors[] = { { "netlink/", FERRY_DOOR_NETLINK },
		      { "ioctl/", FERRY_DOOR_IOCTL },
		      { "sysfs/", FERRY_DOOR_SYSFS },
		      { "sysctl/", FERRY_DOOR_SYSCTL },
		      { "procfs/", FERRY_DOOR_PROCFS } };

	for (unsigned int i = 0; i < ARRAY_SIZE(doors); i++)
		if (!strncmp(address, doors[i].channel, strlen(doors[i].channel)))
			return doors[i].door;
	return FERRY_DOOR_UNKNOWN;
}

static int take_label(void *data, const struct ferry_item *item)
{
	struct doors_names *names = data;

	if (item->value && item->value->value.type == VALUE_TEXT && item->value->value.bytes.length < sizeof(names->label)) {
		memcpy(names->label, item->value->value.bytes.data, item->value->value.bytes.length);
		names->label[item->value->value.bytes.length] = '\0';
	}
	return 0;
}

/* An address of an interface goes by its label in the ioctl; an interface without one by its own name. */
static void complete(struct ferry *ferry, struct doors_names *names)
{
	if (*names->label && !*names->interface)
		memcpy(names->interface, names->label, strcspn(names->label, ":"));
	if (*names->interface && !*names->label && *names->address) {
		_cleanup_buffer_ struct buffer address = { 0 };

		buffer_printf(&address, "netlink/route/addr/%s/%s/label", names->interface, names->address);
		if (!address.failed)
			(void)!ferry_get(ferry, address.data, 0, take_label, names);
	}
	if (!*names->label)
		memcpy(names->label, names->interface, sizeof(names->label));
}

static int tell_row(const struct doors *row, unsigned int knob, const struct doors_names *names, const char *asked, ferry_twin_function *function,
		    void *data)
{
	int r = 0;

	for (unsigned int i = 0; r == 0 && i < DOORS_MAXIMUM && row->addresses[i]; i++) {
		_cleanup_buffer_ struct buffer address = { 0 };

		if (!doors_fill(row->addresses[i], names, &address)) {
			if (address.failed)
				return -ENOMEM;
			continue;
		}
		r = function(data, &(struct ferry_twin){ .address = address.data,
							 .door = door_of(address.data),
							 .knob = knob,
							 .asked = !strcmp(address.data, asked),
							 .comparison = row->comparison });
	}
	return r;
}

/* Whether all of the row can be said by NAMES: an object that lacks a name of the row is no door of it. */
static bool has_doors(const struct doors *row, const struct doors_names *names)
{
	unsigned int count = 0;

	for (unsigned int i = 0; i < DOORS_MAXIMUM && row->addresses[i]; i++) {
		_cleanup_buffer_ struct buffer address = { 0 };

		count += doors_fill(row->addresses[i], names, &address);
	}
	return count > 1;
}

static int tell_doors(struct ferry *ferry, const char *address, ferry_twin_function *function, void *data, unsigned int *ret_count)
{
	unsigned int count = 0;
	int r = 0;

	for (unsigned int row = 0; r == 0 && row < doors_count; row++) {
		struct doors_names names;
		bool found = false;

		for (unsigned int i = 0; !found && i < DOORS_MAXIMUM && doors_table[row].addresses[i]; i++)
			found = doors_match(doors_table[row].addresses[i], address, &names);
		if (!found)
			continue;
		complete(ferry, &names);
		if (!has_doors(&doors_table[row], &names))
			continue;
		r = tell_row(&doors_table[row], count++, &names, address, function, data);
	}
	*ret_count = count;
	return r;
}

int ferry_doors(struct ferry *ferry, const char *address, ferry_twin_function *function, void *data)
{
	_cleanup_buffer_ struct buffer text = { 0 }, canonical = { 0 };
	unsigned int count;
	int r = address_canonical(address, strlen(address), &text, &ferry->error);

	if (r < 0)
		return r;
	if (file_canonical_address(&ferry->machine, text.data, &canonical) < 0)
		return error_set(&ferry->error, -ENOMEM, "no memory for the address");
	r = tell_doors(ferry, canonical.data, function, data, &count);
	if (r < 0)
		return error_set(&ferry->error, r, "no memory for the doors of %s", address);
	return r || count ? r : error_set(&ferry->error, -ENOENT, "%s has no other door that is known", address);
}

char *ferry_compared(enum ferry_comparison comparison, const struct ferry_value *value)
{
	_cleanup_buffer_ struct buffer text = { 0 };

	buffer_add(&text, "", 0);
	doors_normal(comparison, value, &text);
	return buffer_take(&text);
}

uint64_t ferry_traffic(const struct ferry *ferry)
{
	return machine_traffic(&ferry->machine);
}
