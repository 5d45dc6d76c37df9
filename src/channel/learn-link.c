/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which enum names the attributes of which policy: nothing in the kernel says so, but its names do. A set is taken for a policy's only where it has a
 * name for each of its numbers: so that what is not understood stays without a name, rather than with a wrong one. */
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "channel/learn.h"

#define DEPTH_MAXIMUM 8

enum exception_kind { IS_STEM, IS_COMMANDS, IS_MESSAGES, IS_REQUEST, IS_ANSWER, IS_NEST, IS_ARRAY, IS_SHIFTED, IS_TYPE };

static const struct exception {
	enum exception_kind kind : 8;
	enum learned_kind type : 8;
	char of[47], is[31]; /* in it, as nothing of the table is relocated then */
} exceptions[] = {
#define STEM(name, stem)         { IS_STEM, 0, name, stem },
#define COMMANDS(name, constant) { IS_COMMANDS, 0, name, constant },
#define MESSAGES(name, constant) { IS_MESSAGES, 0, name, constant },
#define REQUEST(command, set)    { IS_REQUEST, 0, command, set },
#define ANSWER(command, set)     { IS_ANSWER, 0, command, set },
#define NEST(attribute, set)     { IS_NEST, 0, attribute, set },
#define ARRAY(attribute, set)    { IS_ARRAY, 0, attribute, set },
#define SHIFTED(attribute, set)  { IS_SHIFTED, 0, attribute, set },
#define TYPE(attribute, kind)    { IS_TYPE, kind, attribute, "" },
#include "channel/learn.def"
};

static const struct exception *exception_of(enum exception_kind kind, const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(exceptions); i++)
		if (exceptions[i].kind == kind && strcmp(exceptions[i].of, name) == 0)
			return &exceptions[i];
	return NULL;
}

/* ---- Sets ---- */

int link_begin(struct learned *learned, const struct kernel_enums *enums, const char *name, struct linking *ret)
{
	const struct exception *stem = exception_of(IS_STEM, name);
	struct linking linking = { .learned = learned, .enums = enums };

	linking.family = learned_add_family(learned, name, strlen(name));
	if (!linking.family)
		return -ENOMEM;
	if (snprintf(linking.stem, sizeof(linking.stem), "%s", stem ? stem->is : name) >= (int)sizeof(linking.stem))
		linking.stem[0] = '\0';
	for (char *letter = linking.stem; *letter; letter++)
		*letter = isalnum((unsigned char)*letter) ? (char)toupper((unsigned char)*letter) : '_';
	*ret = linking;
	return 0;
}

static bool is_unspecified(const struct kernel_enum *list, const struct kernel_enumerator *member)
{
	const char *rest = member->name + list->prefix_length;

	return member->number == 0 && (strcmp(rest, "UNSPEC") == 0 || strcmp(rest, "NONE") == 0);
}

static int name_members(struct linking *linking, struct learned_set *set, const struct kernel_enum *list, unsigned int shift)
{
	for (size_t i = 0; i < list->count; i++) {
		const struct kernel_enumerator *member = &list->list[i];
		int r;

		if (is_unspecified(list, member))
			continue;
		r = learned_name(linking->learned, set, member->number + shift, member->name, strlen(member->name));
		if (r == 0 && strcmp(member->name + list->prefix_length, "PAD") == 0)
			r = learned_type(linking->learned, set, member->number + shift, LEARNED_PAD, FIELD_LEARNED, NULL);
		if (r < 0)
			return r;
	}
	return 0;
}

static int make_set(struct linking *linking, const char *prefix, size_t length, unsigned int shift, struct learned_set **ret)
{
	char name[128];
	const struct kernel_enum *list;
	struct learned_set *set = learned_set(linking->family, prefix, length);
	int r;

	*ret = set;
	if (set || length + 2 > sizeof(name))
		return 0;
	snprintf(name, sizeof(name), "%.*s_", (int)length, prefix);
	list = kernel_enum_of_prefix(linking->enums, name, length + 1);
	if (!list || list->highest + shift > LEARNED_NUMBER_MAXIMUM)
		return 0;
	set = learned_add_set(linking->learned, linking->family, prefix, length, list->highest + shift);
	if (!set)
		return -ENOMEM;
	r = name_members(linking, set, list, shift);
	if (r == 0)
		*ret = set;
	return r;
}

int link_set(struct linking *linking, const char *prefix, size_t length, struct learned_set **ret)
{
	return make_set(linking, prefix, length, 0, ret);
}

int link_sets(struct linking *linking, const char *prefix)
{
	const size_t length = strlen(prefix);
	int r = 0;

	for (size_t i = 0; r == 0 && i < linking->enums->count; i++) {
		const struct kernel_enum *list = &linking->enums->list[i];
		struct learned_set *set;

		if (list->prefix_length > length && memcmp(list->prefix, prefix, length) == 0)
			r = link_set(linking, list->prefix, list->prefix_length - 1, &set);
	}
	return r;
}

/* STEM_A_TOPIC or STEM_ATTR_TOPIC; without a topic STEM_A or STEM_ATTR. */
static int set_of_topic(struct linking *linking, const char *topic, size_t length, struct learned_set **ret)
{
	static const char *const marks[] = { "A", "ATTR" };

	*ret = NULL;
	for (size_t i = 0; !*ret && i < ARRAY_SIZE(marks); i++) {
		char name[128];
		int written = snprintf(name, sizeof(name), "%s_%s%s%.*s", linking->stem, marks[i], length ? "_" : "", (int)length, topic), r;

		if (written >= (int)sizeof(name))
			continue;
		r = link_set(linking, name, (size_t)written, ret);
		if (r < 0)
			return r;
	}
	return 0;
}

/* ---- Commands ---- */

/* Of RINGS_GET first STEM_A_RINGS_GET, then STEM_A_RINGS, at last STEM_A. */
static int set_of_command(struct linking *linking, enum exception_kind kind, const char *constant, const char *rest, struct learned_set **ret)
{
	const struct exception *exception = exception_of(kind, constant);
	size_t length = strlen(rest);
	int r;

	if (exception)
		return link_set(linking, exception->is, strlen(exception->is), ret);
	for (;;) {
		r = set_of_topic(linking, rest, length, ret);
		if (r < 0 || *ret || length == 0)
			return r;
		while (length > 0 && rest[length - 1] != '_')
			length--;
		length -= length > 0;
	}
}

/* The enum of commands by its usual names. */
static const struct kernel_enum *usual_commands(const struct linking *linking)
{
	static const char *const marks[] = { "CMD", "C", "MSG" };
	const struct kernel_enum *found = NULL;

	for (size_t i = 0; !found && i < ARRAY_SIZE(marks); i++) {
		char name[128];
		int length = snprintf(name, sizeof(name), "%s_%s_", linking->stem, marks[i]);

		found = kernel_enum_of_prefix(linking->enums, name, (size_t)length);
	}
	return found;
}

static int add_command(struct linking *linking, const struct kernel_enum *list, const struct kernel_enumerator *member, bool message)
{
	struct learned_family *family = linking->family;
	struct learned_command command = { .number = member->number };
	const char *rest = member->name + list->prefix_length;
	struct learned_set *request = NULL, *answer = NULL;
	char name[128];
	size_t length = 0;
	int r = 0;

	if (is_unspecified(list, member) || strlen(rest) >= sizeof(name))
		return 0;
	if (!message)
		r = set_of_command(linking, IS_REQUEST, member->name, rest, &request);
	if (r == 0)
		r = set_of_command(linking, IS_ANSWER, member->name, rest, &answer);
	if (r < 0)
		return r;
	for (; rest[length]; length++)
		name[length] = (char)tolower((unsigned char)rest[length]);
	command.name = name;
	command.request = request;
	command.answer = answer;
	return learned_add_command(linking->learned, message ? &family->messages : &family->commands,
				   message ? &family->message_count : &family->command_count, &command, length);
}

static int add_commands(struct linking *linking, const struct kernel_enum *list, bool message)
{
	int r = 0;

	for (size_t i = 0; r == 0 && list && i < list->count; i++)
		r = add_command(linking, list, &list->list[i], message);
	return r;
}

/* What the kernel answers with may lie in sets that no command is named after. */
static int link_marked_sets(struct linking *linking)
{
	static const char *const marks[] = { "A", "ATTR" };
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(marks); i++) {
		char prefix[128];

		snprintf(prefix, sizeof(prefix), "%s_%s_", linking->stem, marks[i]);
		r = link_sets(linking, prefix);
	}
	return r;
}

int link_commands(struct linking *linking)
{
	const struct exception *commands = exception_of(IS_COMMANDS, linking->family->name);
	const struct exception *messages = exception_of(IS_MESSAGES, linking->family->name);
	const struct kernel_enum *list = commands ? kernel_enum_with(linking->enums, commands->is) : usual_commands(linking);
	int r = add_commands(linking, list, false);

	if (r == 0)
		r = add_commands(linking, messages ? kernel_enum_with(linking->enums, messages->is) : list, true);
	return r < 0 ? r : link_marked_sets(linking);
}

/* ---- Nests by their names ---- */

/* The set in the attribute CONSTANT of SET: named as the attribute, or STEM_A_X where that is STEM_A_Y_X and SET is STEM_A_Y. */
static int nest_by_name(struct linking *linking, const struct learned_set *set, const char *constant, struct learned_set **ret)
{
	const char *rest = constant + strlen(set->schema.name) + 1;
	int r = link_set(linking, constant, strlen(constant), ret);

	if (r < 0 || *ret)
		return r;
	r = set_of_topic(linking, rest, strlen(rest), ret);
	/* That an attribute leads into its own set learn.def must say. */
	if (*ret == set)
		*ret = NULL;
	return r;
}

static int link_nest(struct linking *linking, struct learned_set *set, uint32_t number)
{
	const char *constant = set->fields[number].help;
	const struct exception *named = exception_of(IS_NEST, constant), *array = exception_of(IS_ARRAY, constant),
			       *shifted = exception_of(IS_SHIFTED, constant);
	struct learned_set *nest = NULL;
	int r = 0;

	if (array)
		r = link_set(linking, array->is, strlen(array->is), &nest);
	else if (shifted)
		r = make_set(linking, shifted->is, strlen(shifted->is), 1, &nest);
	else if (named && *named->is)
		r = link_set(linking, named->is, strlen(named->is), &nest);
	else if (!named)
		r = nest_by_name(linking, set, constant, &nest);
	if (r < 0 || !nest)
		return r;
	/* By its name alone it may be something else; what learn.def says is so. */
	if (!named && !array && !shifted)
		return learned_type(linking->learned, set, number, LEARNED_LOOKS, FIELD_GUESSED, nest);
	return learned_type(linking->learned, set, number, array ? LEARNED_ARRAY : LEARNED_NEST, 0, nest);
}

/* The list grows while it is walked. */
int link_nests(struct linking *linking)
{
	for (size_t i = 0; i < linking->family->set_count; i++) {
		struct learned_set *set = linking->family->sets[i];

		for (uint32_t number = 0; number < set->schema.attribute_count; number++) {
			int r = 0;

			if (set->fields[number].name && set->kinds[number] == LEARNED_LOOKS)
				r = link_nest(linking, set, number);
			if (r < 0)
				return r;
		}
	}
	return 0;
}

/* ---- Types ---- */

static struct learned_set *nest_of(const struct linking *linking, const struct learned_set *set, uint32_t number)
{
	const struct field *field = &set->fields[number];
	const struct schema *schema = field_element(field) ? field_element(field)->schema : field_schema(field);

	for (size_t i = 0; schema && i < linking->family->set_count; i++)
		if (schema == &linking->family->sets[i]->schema)
			return linking->family->sets[i];
	return NULL;
}

int link_type(struct linking *linking, struct learned_set *set, const struct policy_attribute *attribute, struct learned_set **ret_nest)
{
	const uint32_t number = attribute->number;
	enum learned_kind kind = policy_kind(attribute);
	struct learned_set *nest = NULL;
	int r;

	*ret_nest = NULL;
	if (number >= set->schema.attribute_count || !set->fields[number].name || kind == LEARNED_LOOKS || set->kinds[number] == LEARNED_PAD ||
	    set->kinds[number] == LEARNED_DISPUTED)
		return 0;
	if (kind == LEARNED_NEST || kind == LEARNED_ARRAY)
		nest = nest_of(linking, set, number);
	/* What is known to be an array of nests the kernel declares as a nest. */
	if (kind == LEARNED_NEST && set->kinds[number] == LEARNED_ARRAY)
		kind = LEARNED_ARRAY;
	if (kind == LEARNED_ARRAY && !nest)
		kind = LEARNED_NEST;
	/* The kernel itself takes two things in it, each in another command: neither is its type. */
	if (set->fields[number].flags & FIELD_LEARNED && set->kinds[number] != kind)
		return learned_type(linking->learned, set, number, LEARNED_DISPUTED, FIELD_GUESSED, NULL);
	r = learned_type(linking->learned, set, number, kind, FIELD_LEARNED, nest);
	if (r == 0)
		r = learned_range(linking->learned, set, number, attribute->minimum, attribute->maximum);
	if (r < 0)
		return r;
	*ret_nest = nest;
	return 0;
}

static bool has_all(const struct learned_set *set, const struct policy *policy)
{
	for (size_t i = 0; i < policy->count; i++)
		if (policy->list[i].number >= set->schema.attribute_count || !set->fields[policy->list[i].number].name)
			return false;
	return true;
}

static int link_policy(struct linking *linking, struct learned_set *set, const struct policies *policies, uint32_t index, unsigned int depth)
{
	const struct policy *policy = index < policies->count ? &policies->list[index] : NULL;
	int r = 0;

	if (!policy || !set || depth > DEPTH_MAXIMUM || !has_all(set, policy))
		return 0;
	for (size_t i = 0; r == 0 && i < policy->count; i++) {
		struct learned_set *nest;

		r = link_type(linking, set, &policy->list[i], &nest);
		if (r == 0 && nest && policy->list[i].nest != POLICY_NONE)
			r = link_policy(linking, nest, policies, policy->list[i].nest, depth + 1);
	}
	return r;
}

int link_policies(struct linking *linking, const struct policies *policies)
{
	const struct learned_family *family = linking->family;
	int r = 0;

	for (size_t i = 0; r == 0 && i < policies->operation_count; i++) {
		const struct policy_operation *operation = &policies->operations[i];
		const struct learned_command *command = learned_number(family->commands, family->command_count, (uint16_t)operation->number);
		struct learned_set *set;

		if (!command || !command->request)
			continue;
		set = learned_set(family, command->request->schema.name, strlen(command->request->schema.name));
		r = link_policy(linking, set, policies, operation->request, 0);
		if (r == 0 && operation->dump != operation->request)
			r = link_policy(linking, set, policies, operation->dump, 0);
	}
	return r;
}

int link_exceptions(struct linking *linking)
{
	for (size_t i = 0; i < linking->family->set_count; i++) {
		struct learned_set *set = linking->family->sets[i];

		for (uint32_t number = 0; number < set->schema.attribute_count; number++) {
			const struct exception *type = set->fields[number].name ? exception_of(IS_TYPE, set->fields[number].help) : NULL;
			int r = type ? learned_type(linking->learned, set, number, type->type, 0, NULL) : 0;

			if (r < 0)
				return r;
		}
	}
	return 0;
}
