/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is noted before a step is taken: its own way back, and what may go along with it, which is more than the step says. */
#include "lib/declare_journal.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/random.h>

#include "base/time.h"
#include "channel/channel.h"
#include "channel/nature.h"
#include "lib/verbs.h"

static int no_memory(struct ferry *ferry)
{
	return error_set(&ferry->error, -ENOMEM, "no memory for the journal");
}

static void read_boot(char *ret, size_t size)
{
	_cleanup_close_ int descriptor = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	ssize_t got = descriptor < 0 ? -1 : read(descriptor, ret, size - 1);

	ret[got > 0 ? got : 0] = '\0';
	ret[strcspn(ret, "\n")] = '\0';
}

bool journal_is_of_boot(const struct journal *journal)
{
	char boot[64];

	read_boot(boot, sizeof(boot));
	return strcmp(boot, journal->boot) == 0;
}

int journal_begin(struct ferry *ferry, const char *document, uint64_t confirm, struct journal *ret)
{
	struct journal journal = { .words = "", .netns = ferry->netns, .time = time_real(), .seconds = confirm / SECOND, .pid = (uint32_t)getpid() };
	char boot[64];
	uint64_t random[2];

	if (getrandom(random, sizeof(random), 0) != sizeof(random))
		return error_set(&ferry->error, -errno, "cannot name the journal: %s", error_text(errno));
	snprintf(journal.id, sizeof(journal.id), "%016llx%016llx", (unsigned long long)random[0], (unsigned long long)random[1]);
	read_boot(boot, sizeof(boot));
	journal.deadline = confirm ? time_boot() + confirm : 0;
	journal.boot = journal_text(&journal, boot);
	journal.document = journal_text(&journal, document ? document : "");
	if (!journal.boot || !journal.document) {
		journal_done(&journal);
		return no_memory(ferry);
	}
	*ret = journal;
	return 0;
}

/* ---- What the steps themselves change ---- */

/* What is removed to be made anew is one change. */
static int join_renewal(struct journal *journal, const struct step *step)
{
	struct journal_entry *entry = journal_find(journal, step->address, false);

	if (!entry || entry->kind != FERRY_REMOVED)
		return -ENOENT;
	journal->unsaved = true;
	entry->kind = FERRY_CHANGED;
	entry->after = journal_text(journal, step->after);
	return entry->after ? 0 : -ENOMEM;
}

static int note_step(struct journal *journal, const struct step *step)
{
	static const enum ferry_change_kind kinds[] = {
		[STEP_REMOVE] = FERRY_REMOVED, [STEP_MAKE] = FERRY_ADDED, [STEP_CHANGE] = FERRY_CHANGED, [STEP_WRITE] = FERRY_CHANGED
	};
	struct journal_entry entry = { .kind = kinds[step->act],
				       .address = step->address,
				       .before = step->left ? step->left : step->before,
				       .after = step->put ? step->put : step->after };
	int r;

	/* A file that is not there yet goes with its interface; an action leaves nothing to be taken back. */
	if (step->action || (step->act == STEP_WRITE && !step->before))
		return 0;
	if (step->renewed && step->act == STEP_MAKE) {
		r = join_renewal(journal, step);
		if (r != -ENOENT)
			return r;
	}
	return journal_add(journal, &entry);
}

/* ---- What may go along ---- */

static int stand(void *data, const struct ferry_item *item)
{
	struct journal *journal = data;
	_cleanup_free_ char *json = item->value ? ferry_value_json(item->value) : NULL;
	struct journal_entry entry = { .kind = FERRY_CHANGED, .stood = true, .address = item->address, .before = json };

	if (!json || journal_find(journal, item->address, false) || journal_find(journal, item->address, true))
		return 0;
	return journal_add(journal, &entry);
}

/* The knobs that a write to another rewrites. */
static int note_rewritten(struct journal *journal, struct ferry *ferry, const struct step *step)
{
	_cleanup_buffer_ struct buffer patterns = { 0 };
	const struct nature *nature = nature_of(step->address);
	char *rest = NULL;
	int r = 0;

	if (!nature || (nature->nature != FERRY_FANOUT && nature->nature != FERRY_TWIN))
		return 0;
	nature_add_others(nature, step->address, &patterns);
	for (char *pattern = patterns.data ? strtok_r(patterns.data, " ", &rest) : NULL; r == 0 && pattern; pattern = strtok_r(NULL, " ", &rest)) {
		r = ferry_get(ferry, pattern, 0, stand, journal);
		r = r == -ENOMEM ? r : 0; /* a protocol that this kernel lacks has nothing to be rewritten */
	}
	return r;
}

/* Whether a step may take objects along. */
static bool takes_along(const struct step *step)
{
	if (step->channel->object)
		return step->act != STEP_MAKE && !object_has_transactions(step->channel->object);
	return strncmp(step->address, "sysctl/net/", 11) == 0;
}

static int note_kind(struct journal *journal, struct ferry *ferry, const struct kind *kind)
{
	_cleanup_arena_ struct arena arena = { 0 };
	int r = 0;

	for (size_t i = 0; r == 0 && i < kind->count; i++) {
		const struct standing *standing = &kind->list[i];
		_cleanup_buffer_ struct buffer address = { 0 }, json = { 0 };
		struct journal_entry entry = { .kind = FERRY_REMOVED, .stood = true };
		struct record *record, *declared;

		arena_reset(&arena);
		r = standing_record(kind, standing, &arena, &record);
		if (r == 0 && origin_of(kind->channel->object, record) != OBJECT_ASKED)
			continue;
		if (r == 0)
			r = record_declared(&arena, record, false, &declared, NULL);
		if (r < 0)
			return r;
		buffer_printf(&address, "%s/%s", kind->channel->name, standing->path);
		record_json(&json, declared, &ferry->machine.naming);
		if (address.failed || json.failed)
			return -ENOMEM;
		if (journal_find(journal, address.data, false))
			continue;
		entry.address = address.data;
		entry.before = json.data;
		r = journal_add(journal, &entry);
	}
	return r;
}

static int note_standing(struct journal *journal, const struct plan *plan)
{
	int r = 0;

	for (unsigned int i = 0; r == 0 && i < channel_count; i++) {
		struct kind kind = { 0 };

		if (!kind_may_follow(channels[i]))
			continue;
		r = kind_read_allowed(plan->ferry, channels[i], &kind);
		if (r == 0)
			r = note_kind(journal, plan->ferry, &kind);
		kind_done(&kind);
	}
	return r;
}

int journal_note(struct journal *journal, const struct plan *plan, bool first)
{
	bool along = false;
	int r = 0;

	for (size_t i = 0; r == 0 && i < plan->count; i++) {
		const struct step *step = &plan->steps[i];

		if (step->pending)
			continue;
		along |= takes_along(step);
		/* In later rounds what stood at first is known already. */
		if (first || (!journal_find(journal, step->address, false) && !journal_find(journal, step->address, true)))
			r = note_step(journal, step);
	}
	for (size_t i = 0; r == 0 && i < plan->count; i++)
		if (!plan->steps[i].channel->object)
			r = note_rewritten(journal, plan->ferry, &plan->steps[i]);
	if (r == 0 && first && along)
		r = note_standing(journal, plan);
	return r == -ENOMEM ? no_memory(plan->ferry) : r;
}

/* ---- What did go along ---- */

static int settle_entry(struct ferry *ferry, struct journal *journal, struct journal_entry *entry, bool *ret_keep)
{
	struct undo_verbs verbs = undo_verbs_of(ferry);
	_cleanup_free_ char *now = NULL;
	bool same = false;
	int r = verbs.read(verbs.data, entry->address, &now, &ferry->error);

	*ret_keep = false;
	if (r < 0 && r != -ENOENT)
		return 0;
	if (entry->kind == FERRY_REMOVED) {
		*ret_keep = !now;
	} else if (now) {
		r = verbs.matches(verbs.data, entry->address, entry->before, now, &same, &ferry->error);
		*ret_keep = r >= 0 && !same;
		entry->after = journal_text(journal, now);
		if (!entry->after)
			return -ENOMEM;
	}
	entry->stood = false;
	return 0;
}

/* Objects by one dump a kind. */
static const struct standing *look_up(const struct kind *kinds, size_t count, const char *address, bool *ret_known)
{
	const char *path;
	const struct channel *channel = channel_of(address, &path);
	size_t found;

	for (size_t i = 0; i < count; i++)
		if (kinds[i].channel == channel) {
			*ret_known = true;
			return kind_find(&kinds[i], path, &found);
		}
	*ret_known = false;
	return NULL;
}

static int settle_all(struct ferry *ferry, struct journal *journal, const struct kind *kinds, size_t count)
{
	size_t kept = 0;
	int r = 0;

	for (size_t i = 0; r == 0 && i < journal->count; i++) {
		struct journal_entry entry = journal->entries[i];
		bool keep = true, known = false;

		journal->unsaved |= entry.stood;
		/* What a later round took up has its own entry. */
		if (entry.stood && (look_up(kinds, count, entry.address, &known) || (known && journal_find(journal, entry.address, false))))
			continue;
		if (entry.stood && known)
			entry.stood = false;
		else if (entry.stood)
			r = settle_entry(ferry, journal, &entry, &keep);
		if (keep)
			journal->entries[kept++] = entry;
	}
	journal->count = kept;
	return r;
}

int journal_settle(struct ferry *ferry, struct journal *journal)
{
	struct kind *kinds = calloc(channel_count, sizeof(*kinds));
	size_t count = 0;
	bool objects = false;
	int r = kinds ? 0 : -ENOMEM;

	for (size_t i = 0; i < journal->count; i++)
		objects |= journal->entries[i].stood && channel_object(journal->entries[i].address) != NULL;
	machine_links_forget(&ferry->machine);
	for (unsigned int i = 0; r == 0 && objects && i < channel_count; i++) {
		if (!kind_may_follow(channels[i]))
			continue;
		r = kind_read_allowed(ferry, channels[i], &kinds[count]);
		if (r == 0)
			count++;
	}
	if (r == 0)
		r = settle_all(ferry, journal, kinds, count);
	for (size_t i = 0; i < count; i++)
		kind_done(&kinds[i]);
	free(kinds);
	return r == -ENOMEM ? no_memory(ferry) : r;
}
