/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A selection of the history is taken back the latest first, so that each change finds what it left. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/netns.h"
#include "cmd/undo.h"

struct chosen {
	uint64_t id, cause;
	uint64_t start; /* of the process, and its pid: whose change it is */
	uint32_t pid;
	bool removal;
	bool followed; /* a later one of them has the same address */
	char *address;
};

struct choice {
	struct chosen *list;    /* in the order of time */
	struct chosen **sorted; /* the same by number */
	size_t count, size;
	uint64_t netns;              /* ours */
	size_t by_kernel, elsewhere; /* passed over: what the kernel did by itself, what was done in other network namespaces */
};

static void choice_done(struct choice *choice)
{
	for (size_t i = 0; i < choice->count; i++)
		free(choice->list[i].address);
	free(choice->list);
	free(choice->sorted);
}

static int add(void *data, const struct ferry_change *change)
{
	struct choice *choice = data;
	struct chosen *chosen;

	if (change->kind == FERRY_GAP || change->result < 0 || !change->address || !change->actor)
		return 0;
	if (change->netns && change->netns != choice->netns) {
		choice->elsewhere++;
		return 0;
	}
	if (change->actor->kernel || ferry_change_is_derived(change)) {
		choice->by_kernel++;
		return 0;
	}
	if (choice->count == choice->size) {
		const size_t size = choice->size ? choice->size * 2 : 64;
		struct chosen *list = reallocarray(choice->list, size, sizeof(*list));

		if (!list)
			return -ENOMEM;
		choice->list = list;
		choice->size = size;
	}
	chosen = &choice->list[choice->count];
	*chosen = (struct chosen){ .id = change->id, .cause = change->cause, .removal = change->kind == FERRY_REMOVED };
	chosen->start = change->actor->start;
	chosen->pid = change->actor->pid;
	chosen->address = strdup(change->address);
	if (!chosen->address)
		return -ENOMEM;
	choice->count++;
	return 0;
}

static int by_id(const void *left, const void *right)
{
	struct chosen *const *a = left, *const *b = right;

	return ((*a)->id > (*b)->id) - ((*a)->id < (*b)->id);
}

/* And one of the same address after the other, in the order of time, which is that of their places. */
static int by_address(const void *left, const void *right)
{
	struct chosen *const *a = left, *const *b = right;
	const int order = strcmp((*a)->address, (*b)->address);

	return order ? order : (*a > *b) - (*a < *b);
}

/* Whether CHOSEN came of another of them: then it goes with that one. An undo has a cause too, but is somebody else's doing. */
static bool follows_from_another(const struct choice *choice, const struct chosen *chosen)
{
	struct chosen wanted = { .id = chosen->cause }, *const key = &wanted;
	struct chosen *const *cause = chosen->cause ? bsearch(&key, choice->sorted, choice->count, sizeof(key), by_id) : NULL;

	return cause && (*cause)->pid == chosen->pid && (*cause)->start == chosen->start;
}

static int sort(struct choice *choice)
{
	choice->sorted = reallocarray(NULL, choice->count + 1, sizeof(struct chosen *));
	if (!choice->sorted)
		return -ENOMEM;
	for (size_t i = 0; i < choice->count; i++)
		choice->sorted[i] = &choice->list[i];
	qsort(choice->sorted, choice->count, sizeof(*choice->sorted), by_address);
	for (size_t i = 1; i < choice->count; i++)
		choice->sorted[i - 1]->followed = strcmp(choice->sorted[i - 1]->address, choice->sorted[i]->address) == 0;
	qsort(choice->sorted, choice->count, sizeof(*choice->sorted), by_id);
	return 0;
}

static int print_reversed(void *data, const struct ferry_change *change)
{
	struct ferry_change reversed = *change;

	reversed.kind = change->kind == FERRY_ADDED ? FERRY_REMOVED : change->kind == FERRY_REMOVED ? FERRY_ADDED : change->kind;
	reversed.before = change->after;
	reversed.after = change->before;
	return undo_print(data, &reversed);
}

struct taking {
	struct program *program;
	struct ferry_history *history;
	unsigned int flags;
	bool removal; /* one has been taken back */
	size_t done, left, unchecked, following;
};

/* Where nothing is taken back, an earlier change of the same address does not find what it left, nor does one whose object was removed later: just
 * the others can be checked. */
static int rehearse(struct taking *taking, const struct chosen *chosen)
{
	const struct ferry_history_filter alone = { .size = sizeof(alone), .id = chosen->id };

	if (!chosen->followed && !taking->removal)
		return undo_one(taking->program, taking->history, chosen->id, taking->flags);
	taking->unchecked++;
	return ferry_history_changes(taking->history, &alone, print_reversed, taking->program);
}

/* False where all the others would fail as well. */
static bool take_back(struct taking *taking, const struct chosen *chosen)
{
	int r;

	if (taking->flags & FERRY_UNDO_DRY_RUN)
		r = rehearse(taking, chosen);
	else
		r = undo_one(taking->program, taking->history, chosen->id, taking->flags | FERRY_UNDO_CONSEQUENCES);
	taking->removal |= chosen->removal;
	if (r == 0)
		taking->done++;
	else if (r < 0)
		taking->left++;
	return r != -EPERM && r != -EACCES;
}

static void say(const struct taking *taking, const struct choice *choice)
{
	const struct program *program = taking->program;

	if (!choice->count && !choice->by_kernel && !choice->elsewhere) {
		program_say(program, "the history has no such change");
		selection_advise(program);
		return;
	}
	if (taking->unchecked)
		program_say(program, "%zu of them not checked: later ones of these would be taken back first", taking->unchecked);
	program_say(program, "%zu %staken back, %zu left as they are", taking->done, taking->flags & FERRY_UNDO_DRY_RUN ? "would be " : "",
		    taking->left);
	if (taking->following)
		program_say(program, "with them: %zu that followed from others of these", taking->following);
	if (choice->by_kernel)
		program_say(program, "passed over: %zu by the kernel itself", choice->by_kernel);
	if (choice->elsewhere)
		program_say(program, "passed over: %zu in other network namespaces (-N NETNS)", choice->elsewhere);
}

enum exit_status undo_selection(struct program *program, struct ferry_history *history, const struct ferry_history_filter *selection,
				unsigned int flags)
{
	struct taking taking = { .program = program, .history = history, .flags = flags };
	struct choice choice = { .netns = own_netns() };
	int r = ferry_history_changes(history, selection, add, &choice);

	if (r >= 0)
		r = sort(&choice);
	if (r < 0) {
		selection_failed(program, r);
		choice_done(&choice);
		return program->status;
	}
	for (size_t i = choice.count; i > 0; i--)
		if (follows_from_another(&choice, &choice.list[i - 1]))
			taking.following++;
		else if (!take_back(&taking, &choice.list[i - 1]))
			break;
	say(&taking, &choice);
	choice_done(&choice);
	return program->status;
}
