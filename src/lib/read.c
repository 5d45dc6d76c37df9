/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reading: an address finds its channel, the channel does the rest. */
#include <errno.h>
#include <string.h>

#include "channel/channel.h"
#include "channel/generic.h"
#include "lib/context.h"
#include "lib/family.h"
#include "model/address.h"

static int canonical(struct ferry *ferry, const char *text, struct buffer *ret)
{
	int r = address_canonical(text, strlen(text), ret, &ferry->error);

	if (r < 0)
		return r;
	return ret->failed ? error_set(&ferry->error, -ENOMEM, "no memory for the address") : 0;
}

static int no_such(struct ferry *ferry, const char *address)
{
	return error_set(&ferry->error, -ENOENT, "no such address: %s", address);
}

/* What this kernel has not has nothing below it; what our rights do not reach is an item with its error. */
static int list_one_of_many(struct ferry *ferry, const char *address, unsigned int flags, ferry_item_function *function, void *data)
{
	int r = ferry_list(ferry, address, flags, function, data);

	if (r == -EPROTONOSUPPORT)
		return 0;
	if (r != -EPERM)
		return r;
	return function(data, &(struct ferry_item){ .address = address, .kind = FERRY_ITEM_BRANCH, .error = r, .error_text = ferry->error.text });
}

/* The families before the branch WHOLE of channels, and *RET_TOLD the one that is this branch. */
static int tell_families(struct ferry *ferry, struct family_list *families, const char *whole, unsigned int flags, ferry_item_function *function,
			 void *data, bool *ret_told)
{
	_cleanup_buffer_ struct buffer behind = { 0 };
	int r = family_list_tell(ferry, families, whole, flags, function, data);

	*ret_told = families->next < families->count && strcmp(families->children[families->next].address, whole) == 0;
	if (r || !*ret_told)
		return r;
	buffer_printf(&behind, "%s/", whole);
	return behind.failed ? error_set(&ferry->error, -ENOMEM, "no memory for a list of families")
			     : family_list_tell(ferry, families, behind.data, flags, function, data);
}

/* Channels are named in one or several parts ("sysctl", "netlink/route/link"): what follows ADDRESS up to the next slash is a child. Between them
 * stand the families of netlink that are only listened to. */
static int list_among(struct ferry *ferry, struct family_list *families, const char *address, unsigned int flags, ferry_item_function *function,
		      void *data)
{
	size_t length = strlen(address);
	const char *last = "";
	size_t last_length = 0;
	bool found = false;
	int r;

	for (unsigned int i = 0; i < channel_count; i++) {
		const char *name = channels[i]->name, *child, *end;
		_cleanup_free_ char *whole = NULL;
		bool told;

		if (strncmp(name, address, length) || (length && name[length] != '/'))
			continue;
		child = name + length + (length ? 1 : 0);
		end = strchrnul(child, '/');
		found = true;
		if ((size_t)(end - child) == last_length && !strncmp(child, last, last_length))
			continue; /* the same branch as the channel before: the list is in order */
		last = child;
		last_length = (size_t)(end - child);
		whole = strndup(name, (size_t)(end - name));
		if (!whole)
			return error_set(&ferry->error, -ENOMEM, "no memory for a list of channels");
		r = tell_families(ferry, families, whole, flags, function, data, &told);
		if (r)
			return r;
		if (told)
			continue;
		r = function(data, &(struct ferry_item){ .address = whole,
							 .kind = FERRY_ITEM_BRANCH,
							 .help = *end ? NULL : channels[i]->help,
							 .promise = *end ? NULL : channels[i]->promise });
		if (!r && (flags & FERRY_READ_RECURSIVE))
			r = list_one_of_many(ferry, whole, flags, function, data);
		if (r)
			return r;
	}
	if (!found && !families->found)
		return no_such(ferry, address);
	return family_list_tell(ferry, families, NULL, flags, function, data);
}

static int list_channels(struct ferry *ferry, const char *address, unsigned int flags, ferry_item_function *function, void *data)
{
	struct family_list families = { 0 };
	int r = family_list_read(ferry, address, &families);

	if (r == 0)
		r = list_among(ferry, &families, address, flags, function, data);
	family_list_done(&families);
	return r;
}

/* Where the first COUNT parts of ADDRESS end; its length where it has fewer. */
static size_t head_length(const char *address, size_t count)
{
	const char *at = address;

	for (; *at; at++)
		if (*at == '/' && --count == 0)
			break;
	return (size_t)(at - address);
}

static size_t parts_of(const char *address)
{
	size_t count = 1;

	for (; *address; address++)
		count += *address == '/';
	return count;
}

/* Whether the globs of ADDRESS mean the channel NAME or a branch above it: *RET_NAME is the length of NAME that is meant, *RET_PATH what ADDRESS says
 * behind it. -ENOMEM. */
static int means_channel(const char *name, const char *address, size_t *ret_name, const char **ret_path)
{
	const size_t length = head_length(address, parts_of(name));
	_cleanup_free_ char *head = strndup(address, length);

	if (!head)
		return -ENOMEM;
	*ret_name = head_length(name, parts_of(head));
	*ret_path = address + length + (address[length] == '/');
	return address_under(name, head);
}

/* Globs in the name of a channel (netlink/route/?*). */
static int list_globbed(struct ferry *ferry, const char *address, unsigned int flags, ferry_item_function *function, void *data)
{
	_cleanup_free_ char *last = NULL;
	bool found = false;

	for (unsigned int i = 0; i < channel_count; i++) {
		_cleanup_free_ char *branch = NULL;
		size_t length;
		const char *path;
		int r = means_channel(channels[i]->name, address, &length, &path);

		if (r == 0)
			continue;
		branch = r < 0 ? NULL : strndup(channels[i]->name, length);
		if (!branch)
			return error_set(&ferry->error, -ENOMEM, "no memory for a list of channels");
		if (channels[i]->name[length]) {
			if (last && !strcmp(last, branch))
				continue;
			r = list_channels(ferry, branch, flags, function, data);
			free(last);
			last = TAKE_POINTER(branch);
		} else {
			r = channels[i]->list(channels[i], &ferry->machine, path, flags, function, data);
			if (r == -ENOENT || r == -EPROTONOSUPPORT)
				continue;
			r = r < 0 ? ferry_failed(ferry, r) : r;
		}
		if (r)
			return r;
		found = true;
	}
	return found ? 0 : no_such(ferry, address);
}

/* One channel of a branch of several: where it cannot be had, the others are told all the same. What this kernel has not is no part of the branch,
 * and what our rights do not reach is an item with its error. */
static int get_one_of_many(struct ferry *ferry, const struct channel *channel, const char *path, unsigned int flags, ferry_item_function *function,
			   void *data)
{
	int r = channel->get(channel, &ferry->machine, path, flags, function, data);

	if (r == -EPROTONOSUPPORT)
		return -ENOENT;
	if (r != -EPERM)
		return r < 0 && r != -ENOENT ? ferry_failed(ferry, r) : r;
	return function(data, &(struct ferry_item){
				      .address = channel->name, .kind = FERRY_ITEM_BRANCH, .error = r, .error_text = ferry->machine.error.text });
}

static int get_globbed(struct ferry *ferry, const char *address, unsigned int flags, ferry_item_function *function, void *data)
{
	bool found = false, incomplete = false;

	for (unsigned int i = 0; i < channel_count; i++) {
		size_t length;
		const char *path;
		int r = means_channel(channels[i]->name, address, &length, &path);

		if (r == 0)
			continue;
		if (r < 0)
			return ferry_failed(ferry, r);
		r = get_one_of_many(ferry, channels[i], path, flags, function, data);
		if (r == -ENOENT)
			continue;
		if (r < 0)
			return r;
		if (r > 0 && r != FERRY_INCOMPLETE)
			return r;
		incomplete |= r == FERRY_INCOMPLETE;
		found = true;
	}
	if (!found)
		return no_such(ferry, address);
	return incomplete ? FERRY_INCOMPLETE : 0;
}

/* What lies below an operation of a generic family; 0 and *RET_FOUND false where ADDRESS is no such place. */
static int list_operation(struct ferry *ferry, const char *address, unsigned int flags, ferry_item_function *function, void *data, bool *ret_found)
{
	_cleanup_families_ struct families families = { 0 };
	const struct family *family;
	const char *path;
	int r = family_operations_at(ferry, address, &families, &family, &path);

	*ret_found = r > 0 && *path;
	if (!*ret_found)
		return r < 0 ? r : 0;
	r = generic_list(&ferry->machine, family, path, flags, function, data);
	return r < 0 ? ferry_failed(ferry, r) : r;
}

static int get_operation(struct ferry *ferry, const char *address, unsigned int flags, ferry_item_function *function, void *data, bool *ret_found)
{
	_cleanup_families_ struct families families = { 0 };
	const struct family *family;
	const char *path;
	int r = family_operations_at(ferry, address, &families, &family, &path);

	*ret_found = r > 0 && (*path || generic_dumps(family));
	if (!*ret_found)
		return r < 0 ? r : 0;
	r = generic_get(&ferry->machine, family, path, flags, function, data);
	if (r == FERRY_INCOMPLETE)
		ferry->error = ferry->machine.error;
	return r < 0 ? ferry_failed(ferry, r) : r;
}

/* Whether ADDRESS means channels as well as what lies below a generic family: those of the family's objects. */
static bool means_channels(const char *address)
{
	const size_t length = strlen(address);
	const bool globbed = strpbrk(address, "*?[");

	for (unsigned int i = 0; i < channel_count; i++) {
		const char *name = channels[i]->name, *path;
		size_t own;

		if (globbed ? means_channel(name, address, &own, &path) != 0 : strncmp(name, address, length) == 0 && name[length] == '/')
			return true;
	}
	return false;
}

/* What two parts of an answer come to, of which one alone need be there. */
static int both(struct ferry *ferry, int first, int second)
{
	if (first == -ENOENT || second == -ENOENT) {
		ferry->error = first == second ? ferry->error : (struct error){ 0 };
		return first == -ENOENT ? second : first;
	}
	return second != 0 ? second : first;
}

int ferry_list(struct ferry *ferry, const char *address, unsigned int flags, ferry_item_function *function, void *data)
{
	_cleanup_buffer_ struct buffer text = { 0 };
	const struct channel *channel;
	const char *path;
	bool found;
	int r;

	if (!address || !*address)
		return list_channels(ferry, "", flags, function, data);
	r = canonical(ferry, address, &text);
	if (r < 0)
		return r;
	channel = channel_of(text.data, &path);
	if (!channel) {
		r = list_operation(ferry, text.data, flags, function, data, &found);
		if (found && means_channels(text.data) && (r == 0 || r == -ENOENT))
			return both(ferry, r, list_globbed(ferry, text.data, flags, function, data));
		if (r != 0 || found)
			return r;
	}
	if (!channel && strpbrk(text.data, "*?["))
		return list_globbed(ferry, text.data, flags, function, data);
	if (!channel)
		return list_channels(ferry, text.data, flags, function, data);
	r = channel->list(channel, &ferry->machine, path, flags, function, data);
	return r < 0 ? ferry_failed(ferry, r) : r;
}

/* A whole branch of channels ("netlink/route", or everything): each channel below it in turn. One of which this kernel has nothing at all is told. */
static int get_channels(struct ferry *ferry, const char *address, unsigned int flags, ferry_item_function *function, void *data)
{
	size_t length = strlen(address);
	bool found = false, incomplete = false, lacking = true;

	for (unsigned int i = 0; i < channel_count; i++) {
		const char *name = channels[i]->name;
		int r;

		if (strncmp(name, address, length) || (length && name[length] != '/'))
			continue;
		ferry->machine.error = (struct error){ 0 };
		r = get_one_of_many(ferry, channels[i], "", flags, function, data);
		lacking = lacking && r == -ENOENT && ferry->machine.error.code == -EPROTONOSUPPORT;
		if (r < 0 && r != -ENOENT) /* an empty kind of object is no failure of the branch */
			return r;
		if (r > 0 && r != FERRY_INCOMPLETE)
			return r;
		incomplete |= r == FERRY_INCOMPLETE;
		found = true;
	}
	if (!found && ferry_listener_knows(ferry, address) > 0)
		return error_set(&ferry->error, -EOPNOTSUPP, "%s tells messages and holds no values: \"ferry watch %s\" shows them", address,
				 address);
	if (!found)
		return no_such(ferry, address);
	if (lacking)
		return ferry_failed(ferry, -EPROTONOSUPPORT);
	return incomplete ? FERRY_INCOMPLETE : 0;
}

static int get_branch(struct ferry *ferry, const char *address, unsigned int flags, ferry_item_function *function, void *data)
{
	return strpbrk(address, "*?[") ? get_globbed(ferry, address, flags, function, data) : get_channels(ferry, address, flags, function, data);
}

int ferry_get(struct ferry *ferry, const char *address, unsigned int flags, ferry_item_function *function, void *data)
{
	_cleanup_buffer_ struct buffer text = { 0 };
	const struct channel *channel;
	const char *path;
	bool found;
	int r;

	r = canonical(ferry, address, &text);
	if (r < 0)
		return r;
	ferry->machine.error = (struct error){ 0 };
	channel = channel_of(text.data, &path);
	if (!channel) {
		r = get_operation(ferry, text.data, flags, function, data, &found);
		if (found && means_channels(text.data) && (r == 0 || r == -ENOENT || r == FERRY_INCOMPLETE))
			return both(ferry, r, get_branch(ferry, text.data, flags, function, data));
		if (r != 0 || found)
			return r;
	}
	if (!channel)
		return get_branch(ferry, text.data, flags, function, data);
	r = channel->get(channel, &ferry->machine, path, flags, function, data);
	if (r == FERRY_INCOMPLETE)
		ferry->error = ferry->machine.error;
	return r < 0 ? ferry_failed(ferry, r) : r;
}

int ferry_address(struct ferry *ferry, const char *text, char **ret_address)
{
	_cleanup_buffer_ struct buffer buffer = { 0 };
	char *address;
	int r;

	r = canonical(ferry, text, &buffer);
	if (r < 0)
		return r;
	address = buffer_take(&buffer);
	if (!address)
		return error_set(&ferry->error, -ENOMEM, "no memory for the address");
	*ret_address = address;
	return 0;
}
