/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "channel/learn.h"

#include <errno.h>
#include <string.h>

#include "channel/kernel-types.h"

struct learning {
	struct machine *machine;
	struct netlink *netlink;
	const struct kernel_enums *enums;
	const struct families *families;
	struct learned *learned;
	learn_function *function;
	void *data;
};

static int tell(const struct learning *learning, const struct linking *linking, const struct family *family, unsigned int tried, const char *why)
{
	const struct learned_family *learned = linking->family;
	struct learn_report report = { .family = learned->name, .tried = tried, .why = why };

	for (size_t i = 0; i < learned->set_count; i++)
		learned_figures(learned->sets[i], &report.attributes, &report.typed);
	report.commands = (unsigned int)family->operation_count;
	for (size_t i = 0; i < family->operation_count; i++)
		if (learned_number(learned->commands, learned->command_count, (uint16_t)family->operations[i].number))
			report.commands_named++;
	if (report.attributes == 0 && !why)
		report.why = learning->enums->of_modules
				     ? "no enum in the kernel's types has a name that belongs to it"
				     : "no enum in the kernel's types has a name that belongs to it, and of modules it tells none";
	return learning->function ? learning->function(learning->data, &report) : 0;
}

static int learn_generic(const struct learning *learning, struct linking *linking, const struct family *family, const char **ret_why)
{
	_cleanup_policies_ struct policies policies = { 0 };
	int r = link_commands(linking);

	if (r == 0)
		r = link_nests(linking);
	if (r < 0)
		return r;
	r = policies_read(learning->netlink, family->type, &policies);
	if (r == -ENOMEM)
		return r;
	if (r < 0) {
		*ret_why = "no types: this kernel does not tell policies";
		return 0;
	}
	return link_policies(linking, &policies);
}

static int learn_family(const struct learning *learning, const struct family *family)
{
	struct linking linking;
	unsigned int tried = 0;
	const char *why = NULL;
	int r = link_begin(learning->learned, learning->enums, family->name, &linking);

	if (r == 0)
		r = family->protocol == NETLINK_ROUTE ? learn_route(&linking, &tried, &why) : learn_generic(learning, &linking, family, &why);
	if (r == 0)
		r = link_exceptions(&linking);
	return r < 0 ? r : tell(learning, &linking, family, tried, why);
}

static bool can_be_learned(const struct family *family)
{
	return family->protocol == NETLINK_GENERIC || family->protocol == NETLINK_ROUTE;
}

static const struct family *find_family(const struct families *families, const char *name)
{
	for (size_t i = 0; i < families->count; i++)
		if (strcmp(families->list[i].name, name) == 0)
			return &families->list[i];
	return NULL;
}

/* Before anything is asked of the kernel. */
static int check_names(const struct families *families, const char *const *names, struct error *error)
{
	for (; names && *names; names++) {
		const struct family *family = find_family(families, *names);

		if (!family)
			return error_set(error, -ENOENT, "the kernel that runs has no netlink family %.64s (see \"ferry ls netlink\")", *names);
		if (!can_be_learned(family))
			return error_set(error, -EOPNOTSUPP, "%s is not learned: only generic families and route are", family->name);
	}
	return 0;
}

static int learn_all(const struct learning *learning, const char *const *names)
{
	int r = 0;

	for (const char *const *name = names; r == 0 && name && *name; name++)
		if (!learned_find(learning->learned, *name))
			r = learn_family(learning, find_family(learning->families, *name));
	for (size_t i = 0; r == 0 && !names && i < learning->families->count; i++)
		if (can_be_learned(&learning->families->list[i]))
			r = learn_family(learning, &learning->families->list[i]);
	return r;
}

int learn_families(struct machine *machine, const char *const *names, struct learned *ret, learn_function *function, void *data)
{
	_cleanup_families_ struct families families = { 0 };
	_cleanup_kernel_enums_ struct kernel_enums enums = { 0 };
	_cleanup_learned_ struct learned learned = { 0 };
	_cleanup_(cleanup_netlink) struct netlink *netlink = NULL;
	struct learning learning = { machine, NULL, &enums, &families, &learned, function, data };
	int r = families_read(machine, &families);

	if (r == 0)
		r = check_names(&families, names, &machine->error);
	if (r == 0)
		r = netlink_open(NETLINK_GENERIC, &netlink, &machine->error);
	if (r < 0)
		return r;
	learning.netlink = netlink;
	r = kernel_enums_read(&enums);
	if (r < 0)
		return error_set(&machine->error, r == -ENOENT ? -EOPNOTSUPP : r,
				 "cannot learn names: the kernel tells no types in " KERNEL_TYPES_PATH " (%s)", error_text(r));
	r = learn_all(&learning, names);
	if (r < 0)
		return error_set(&machine->error, r, "cannot learn: %s", error_text(r));
	if (r > 0)
		return r;
	*ret = learned;
	learned = (struct learned){ 0 };
	return 0;
}
